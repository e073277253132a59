package stdout

// Config is the settings of the stdout sink.
type Config struct {
	// How rows are printed.
	Format string `json:"format" weir:"oneof=pretty|json|tsv"`

	// Stop printing after that many rows. 0 means print all.
	Limit int64 `json:"limit" weir:"min=0"`

	// The most characters of one value that format pretty prints. 0 means
	// all.
	Width int `json:"width" weir:"min=0"`
}
