package failpoint

// Env names the variable that says where to die: "name:hit" kills the process
// with SIGKILL the hit-th time that name is reached, "name:hit:stop" stops it
// with SIGSTOP. LogEnv names a file to which the first hits of every name are
// appended as "name:hit", so that a suite can learn which points there are.
const (
	Env    = "WEIR_FAILPOINT"
	LogEnv = "WEIR_FAILPOINT_LOG"
)
