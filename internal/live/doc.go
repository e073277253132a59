// Package live is what one sees of running pipelines: a report of each, the
// rates between two reports, and a view of them on a terminal that is redrawn
// in place.
package live
