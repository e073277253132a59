// Package datagen makes rows out of nothing.
//
// It needs no outside system, so it is the source for tests, demos and
// benchmarks. A row depends on the seed, its number and the settings that
// shape it, never on the clock or on chance: the same settings give the same
// bytes, on any machine and after any restart. A run that resumes goes on
// with the row behind the last one stored.
//
// The patterns and their columns:
//
//   - sequence: value counts from 0
//   - random: id, value 0 to 999, ratio, active, category A to D
//   - users: user_id, first_name, last_name, email, age, country, premium,
//     signup_date
//   - orders: order_id, customer_id, product, quantity, unit_price,
//     total_amount, currency, status, created_at
//   - events: event_id, event_type, sequence, source, user_id, session_id,
//     payload (a struct of page, referrer, duration_ms)
//   - metrics: metric_id, name, value, unit, host, tags (a map with env and
//     region), timestamp
//   - key_value: key, value
//
// Amounts are decimals, times are timestamps with microseconds in UTC, and the
// first column is the key of the row.
//
// With cdc_mode the rows are changes to a table: of every ten changes six are
// inserts, three updates and one a delete, spread by the seed. Updates and
// deletes go to one of the latest keys, up to about 10,000 of them. An update
// is a row of the old values followed by one of the new; a delete is a row of
// the old values. max_events, events_per_second and batch_size then count
// changes.
package datagen
