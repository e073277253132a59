package filter

import (
	"strings"
)

// Filter is a condition that was read.
type Filter struct{ root node }

// node is a condition without types.
type node any

type (
	// logic is and, or; not has one side.
	logic struct {
		op    string
		sides []node
	}
	// test compares a column with literals.
	test struct {
		column token
		op     string // = != < <= > >= in like null nan
		not    bool
		values []token
	}
)

// maxDepth bounds how deep parentheses and nots are.
const maxDepth = 200

// Parse reads a condition. Mistakes are a [SyntaxError].
func Parse(s string) (*Filter, error) {
	tokens, err := lex(s)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens}
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind != end {
		return nil, wrong(t, "want and, or, or the end, not %s", t)
	}
	return &Filter{n}, nil
}

type parser struct {
	tokens []token
	depth  int
}

func (p *parser) peek() token { return p.tokens[0] }

func (p *parser) next() token {
	t := p.tokens[0]
	if t.kind != end {
		p.tokens = p.tokens[1:]
	}
	return t
}

// take takes the next token if it is that word or symbol.
func (p *parser) take(s string) bool {
	if p.peek().is(s) {
		p.next()
		return true
	}
	return false
}

func (p *parser) want(s string) error {
	if t := p.next(); !t.is(s) {
		return wrong(t, "want %s, not %s", s, t)
	}
	return nil
}

func (p *parser) or() (node, error)  { return p.chain("or", p.and) }
func (p *parser) and() (node, error) { return p.chain("and", p.not) }

func (p *parser) chain(op string, part func() (node, error)) (node, error) {
	n, err := part()
	if err != nil || !p.peek().is(op) {
		return n, err
	}
	l := logic{op, []node{n}}
	for p.take(op) {
		if n, err = part(); err != nil {
			return nil, err
		}
		l.sides = append(l.sides, n)
	}
	return l, nil
}

func (p *parser) not() (node, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, wrong(p.peek(), "more than %d levels deep", maxDepth)
	}
	defer func() { p.depth-- }()
	if p.take("not") {
		n, err := p.not()
		return logic{"not", []node{n}}, err
	}
	if p.take("(") {
		n, err := p.or()
		if err != nil {
			return nil, err
		}
		return n, p.want(")")
	}
	return p.test()
}

func (p *parser) test() (node, error) {
	c := p.next()
	if c.kind != word && c.kind != quoted {
		return nil, wrong(c, "want a column, not %s", c)
	}
	t := test{column: c}
	if p.take("is") {
		t.not = p.take("not")
		switch n := p.next(); {
		case n.is("null"):
			t.op = "null"
		case n.is("nan"):
			t.op = "nan"
		default:
			return nil, wrong(n, "want null or nan, not %s", n)
		}
		return t, nil
	}
	t.not = p.take("not")
	op := p.next()
	switch {
	case op.is("in"):
		t.op = "in"
		return p.list(t)
	case op.is("like"):
		t.op = "like"
		return p.values(t, 1)
	case op.is("between"):
		return p.between(t)
	case t.not, op.kind != symbol, !strings.ContainsAny(op.text, "=<>"):
		return nil, wrong(op, "want a comparison, not %s", op)
	}
	t.op = op.text
	switch op.text {
	case "==":
		t.op = "="
	case "<>":
		t.op = "!="
	}
	return p.values(t, 1)
}

// between is two comparisons.
func (p *parser) between(t test) (node, error) {
	lo, err := p.value()
	if err != nil {
		return nil, err
	}
	if err := p.want("and"); err != nil {
		return nil, err
	}
	hi, err := p.value()
	if err != nil {
		return nil, err
	}
	var n node = logic{"and", []node{
		test{column: t.column, op: ">=", values: []token{lo}}, test{column: t.column, op: "<=", values: []token{hi}},
	}}
	if t.not {
		n = logic{"not", []node{n}}
	}
	return n, nil
}

func (p *parser) list(t test) (node, error) {
	if err := p.want("("); err != nil {
		return nil, err
	}
	for {
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		t.values = append(t.values, v)
		if p.take(",") {
			continue
		}
		return t, p.want(")")
	}
}

func (p *parser) values(t test, n int) (node, error) {
	for range n {
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		t.values = append(t.values, v)
	}
	return t, nil
}

func (p *parser) value() (token, error) {
	v := p.next()
	switch {
	case v.is("date"), v.is("timestamp"), v.is("time"):
		if p.peek().kind == text {
			v = p.next()
		}
	}
	if v.kind == text || v.kind == number || v.is("true") || v.is("false") {
		return v, nil
	}
	return v, wrong(v, "want a value ('text', 12.5, true, '2024-01-31'), not %s", v)
}
