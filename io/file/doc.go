// Package file reads files of the local file system as batches, and writes
// batches as files: JSON lines (or one JSON array), CSV and Parquet, text
// also compressed.
//
// # Source
//
// Files are found by path, folder or pattern and read in order of name. Large
// ones are cut into splits that several tasks read: Parquet at row groups,
// uncompressed text at the ends of rows, also where CSV has line ends inside
// quotes. The position inside a split is stored with every checkpoint, so a
// run that is killed goes on in the middle of a file.
//
// Files are data, not logs: a file must be complete when it is listed (write
// it under a name that begins with a dot, then rename it), and must not
// change afterwards. A file that was changed while or since it was read stops
// the pipeline; put new rows into new files. What a file is goes by its path
// as written in the settings, its size and its content at both ends, not by
// its time.
//
// Text without a declared schema gets one from a sample: exact types are only
// certain when schema spells them out. Columns of several files are put
// together by name, and a column that a file lacks is null.
//
// A row that does not fit names its file, line and column. Links are followed
// as long as they stay inside the folder that path names.
//
// # Sink
//
// Exactly once: rows are written to files under _weir/staging, which no
// reader looks at, and moved to their place when the checkpoint that holds
// them is durable. What is visible is also written down in a commit log, one
// JSON file for each checkpoint under _weir/commits/PIPELINE.SINK, which
// makes a commit that is repeated after a crash harmless:
//
//	{"format":1,"number":3,"pipeline":"p","incarnation":"8c…","sink":"out","epoch":9,"previous":8,
//	 "files":[{"path":"origin=SFO/p-8c2f10aa-e9-0-1-5f3c9a01d2.parquet","rows":122880,"bytes":531094}]}
//
// The number goes up by one from file to file (NUMBER.json, 20 digits); the
// oldest are put together, 64 in a file FIRST-LAST.jsonl. A reader that takes
// the files of the log sees all of a checkpoint or nothing of it. One that
// lists the folder sees the files of a checkpoint appear one after the other,
// each of them whole.
//
// Names of files are PIPELINE-INCARNATION-eEPOCH-TASK-N-RANDOM. The
// incarnation belongs to the state directory. A folder whose log ends with
// another one, or with a later checkpoint than the state directory knows of,
// is refused: rows would be missing or there twice.
//
// Every checkpoint ends the files that are open, so the checkpoint interval
// bounds their size from above as target_size does.
package file
