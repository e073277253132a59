package datagen

// lists are the words that rows are made of. A list must not change: the rows
// of a seed would change with it.
type lists struct {
	first, last, country, product, currency, status []string
	kind, origin, page, referrer, metric, unit      []string
	host, env, region                               []string
}

func wordLists() *lists {
	return &lists{
		first: []string{
			"Ada", "Alan", "Barbara", "Carol", "Daniel", "Edsger", "Fatima", "Grace", "Hiro", "Ines", "Jun",
			"Katherine", "Linus", "Margaret", "Niklaus", "Olga", "Priya", "Radia", "Sophie", "Tony", "Wei", "Yuki",
		},
		last: []string{
			"Allen", "Bauer", "Chen", "Dijkstra", "Endo", "Fischer", "Garcia", "Hopper", "Ivanova", "Johnson",
			"Kim", "Lovelace", "Moreau", "Nakamura", "Okafor", "Perlman", "Rossi", "Silva", "Turing", "Wirth",
		},
		country:  []string{"US", "DE", "FR", "GB", "JP", "BR", "IN", "CA", "AU", "ES", "IT", "NL"},
		product:  []string{"keyboard", "monitor", "mouse", "laptop", "headset", "webcam", "dock", "cable", "tablet", "phone"},
		currency: []string{"USD", "EUR", "GBP", "JPY"},
		status:   []string{"pending", "paid", "shipped", "delivered", "cancelled"},
		kind:     []string{"page_view", "click", "scroll", "search", "add_to_cart", "purchase", "sign_up", "log_out"},
		origin:   []string{"web", "ios", "android", "api"},
		page:     []string{"/", "/search", "/cart", "/checkout", "/account", "/product"},
		referrer: []string{"https://example.com/", "https://search.example/", "https://news.example/"},
		metric:   []string{"cpu_usage", "memory_used", "disk_read", "disk_write", "net_in", "net_out", "latency", "requests"},
		unit:     []string{"percent", "bytes", "bytes", "bytes", "bytes", "bytes", "ms", "count"},
		host:     []string{"web-1", "web-2", "web-3", "api-1", "api-2", "db-1", "db-2", "cache-1"},
		env:      []string{"prod", "staging", "dev"},
		region:   []string{"us-east-1", "us-west-2", "eu-central-1", "ap-northeast-1"},
	}
}
