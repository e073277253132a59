// Package crash kills real processes in the middle of their work, as often as
// it takes, and then asks readers that are not ours what is in the tables:
// every row of the input must be there exactly once.
//
// A job is a pipeline with its input and its tables. It is killed with
// SIGKILL at failpoints, each of the first three times that each point is
// reached, and at random times. It is stopped with SIGTERM, and two of it are
// let loose on one table. What SIGKILL can not find, the power failures of
// flow's own crash test do. Mutants, programs with one deliberate fault each,
// must not get through: else the suite has no teeth.
package crash
