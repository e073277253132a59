package flow

import "github.com/weirflow/weir/state"

// StateFS puts the state directory on fs.
func StateFS(fs state.FS) Option { return func(s *settings) { s.fs = fs } }

// ChunkSize sets how many elements travel together.
func ChunkSize(n int) Option { return func(s *settings) { s.chunk, s.depth = n, 2 } }
