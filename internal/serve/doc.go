// Package serve shows running pipelines to the outside: figures for
// Prometheus, health, and status.
//
// Nothing listens unless it is asked to, with one exception: a process that
// runs pipelines answers on a Unix socket in its state folder, which only its
// own user can open. That is how weir status finds it.
package serve
