// Package csv reads and writes comma-separated values.
package csv
