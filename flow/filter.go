package flow

import "github.com/weirflow/weir/internal/engine"

// Filter passes the elements for which f is true.
func Filter[A any](in Flow[A], f func(A) bool, ops ...Op) Flow[A] {
	out := operator[A](in, "filter", ops)
	consume(in, func(c *compile, l *engine.Lane) (engine.Port[A], error) {
		next, err := outlet[A](c, out.n, l)
		if err != nil {
			return engine.Port[A]{}, err
		}
		id, push := out.n.id, next.Push
		return engine.Port[A]{
			Push: func(a A) error {
				l.At = id
				if f(a) {
					return push(a)
				}
				return nil
			},
			Ctl: next.Ctl,
		}, nil
	})
	return out
}

// Split is two filters in one: the elements for which f is true, and the
// others.
func Split[A any](in Flow[A], f func(A) bool) (yes, no Flow[A]) {
	yes = add[A](in.n.p, &node{name: in.n.name + ".yes", kind: "operator", what: "split", par: in.n.par, in: []*node{in.n}})
	no = add[A](in.n.p, &node{name: in.n.name + ".no", kind: "operator", what: "split", par: in.n.par, in: []*node{in.n}})
	consume(in, func(c *compile, l *engine.Lane) (engine.Port[A], error) {
		both, err := outlets[A](c, l, yes.n, no.n)
		if err != nil {
			return engine.Port[A]{}, err
		}
		id, pushYes, pushNo := yes.n.id, both[0].Push, both[1].Push
		return engine.Port[A]{
			Push: func(a A) error {
				l.At = id
				if f(a) {
					return pushYes(a)
				}
				return pushNo(a)
			},
			Ctl: engine.Tee(both).Ctl,
		}, nil
	})
	return yes, no
}

func outlets[T any](c *compile, l *engine.Lane, nodes ...*node) ([]engine.Port[T], error) {
	ports := make([]engine.Port[T], len(nodes))
	for i, n := range nodes {
		port, err := outlet[T](c, n, l)
		if err != nil {
			return nil, err
		}
		ports[i] = port
	}
	return ports, nil
}

// Tap calls f with every element and passes it on.
func Tap[A any](in Flow[A], f func(A), ops ...Op) Flow[A] {
	out := operator[A](in, "tap", ops)
	consume(in, func(c *compile, l *engine.Lane) (engine.Port[A], error) {
		next, err := outlet[A](c, out.n, l)
		if err != nil {
			return engine.Port[A]{}, err
		}
		id, push := out.n.id, next.Push
		return engine.Port[A]{
			Push: func(a A) error {
				l.At = id
				f(a)
				return push(a)
			},
			Ctl: next.Ctl,
		}, nil
	})
	return out
}
