package gen

import (
	"bufio"
	"math/rand/v2"
	"strconv"
	"time"
)

const lineitemHeader = "l_orderkey,l_partkey,l_suppkey,l_linenumber,l_quantity,l_extendedprice," +
	"l_discount,l_tax,l_returnflag,l_linestatus,l_shipdate,l_commitdate,l_receiptdate," +
	"l_shipinstruct,l_shipmode,l_comment\n"

func writeLineitem(w *bufio.Writer, rows int) {
	if _, err := w.WriteString(lineitemHeader); err != nil {
		return // w keeps it
	}
	l := newLines()
	order, line, left := int64(1), 0, 1+l.r.IntN(7)
	ordered := l.r.IntN(2400)
	var b []byte
	for range rows {
		line++
		b = l.appendRow(b[:0], order, line, ordered)
		if _, err := w.Write(b); err != nil {
			return
		}
		if left--; left == 0 {
			order += int64(1 + 3*l.r.IntN(2))
			line, left, ordered = 0, 1+l.r.IntN(7), l.r.IntN(2400)
		}
	}
}

// lines makes the rows.
type lines struct {
	r                          *rand.Rand
	first                      time.Time
	words, modes, instructions []string
}

func newLines() lines {
	return lines{
		r: random(2), first: time.Date(1992, 1, 1, 0, 0, 0, 0, time.UTC),
		words: []string{
			"furiously", "sleep", "quickly", "final", "deposits", "carefully", "ironic", "requests",
			"among", "the", "special", "packages", "boldly", "regular", "accounts", "pending",
			"blithely", "express", "ideas", "haggle", "slyly", "unusual", "theodolites", "even", "foxes",
		},
		modes:        []string{"AIR", "FOB", "MAIL", "RAIL", "REG AIR", "SHIP", "TRUCK"},
		instructions: []string{"COLLECT COD", "DELIVER IN PERSON", "NONE", "TAKE BACK RETURN"},
	}
}

// appendRow writes one line of an order that was made on day ordered.
func (l lines) appendRow(b []byte, order int64, line, ordered int) []byte {
	r := l.r
	quantity := 1 + r.IntN(50)
	b = strconv.AppendInt(b, order, 10)
	part := 1 + r.IntN(200000)
	b = strconv.AppendInt(append(b, ','), int64(part), 10)
	b = strconv.AppendInt(append(b, ','), int64(1+r.IntN(10000)), 10)
	b = strconv.AppendInt(append(b, ','), int64(line), 10)
	b = appendCents(append(b, ','), int64(quantity)*100)
	b = appendCents(append(b, ','), int64(quantity)*int64(90000+(part/10)%20001+100*(part%1000)))
	b = appendCents(append(b, ','), int64(r.IntN(11)))
	b = appendCents(append(b, ','), int64(r.IntN(9)))
	b = append(b, ',', "ANR"[r.IntN(3)], ',', "OF"[r.IntN(2)])
	shipped := ordered + 1 + r.IntN(121)
	b = l.appendDay(append(b, ','), shipped)
	b = l.appendDay(append(b, ','), ordered+30+r.IntN(61))
	b = l.appendDay(append(b, ','), shipped+1+r.IntN(30))
	b = append(append(b, ','), pick(r, l.instructions)...)
	b = append(append(b, ','), pick(r, l.modes)...)
	b = l.appendComment(append(b, ','), 10, 43)
	return append(b, '\n')
}

func (l lines) appendDay(b []byte, day int) []byte {
	return l.first.AddDate(0, 0, day).AppendFormat(b, "2006-01-02")
}

// appendComment writes words until the next would make it too long.
func (l lines) appendComment(b []byte, least, most int) []byte {
	n := least + l.r.IntN(most-least+1)
	begin := len(b)
	for {
		word := pick(l.r, l.words)
		if len(b)-begin+len(word)+1 > n {
			if len(b) == begin {
				b = append(b, word...)
			}
			return b
		}
		if len(b) > begin {
			b = append(b, ' ')
		}
		b = append(b, word...)
	}
}
