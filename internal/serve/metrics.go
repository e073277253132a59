package serve

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/attribute"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"

	"github.com/weirflow/weir/internal/live"
)

// Metrics gives the figures of running pipelines to OpenTelemetry, and has
// them in the form that Prometheus reads.
type Metrics struct {
	registry *prometheus.Registry
	provider *sdk.MeterProvider
	phases   metric.Float64Histogram
}

// NewMetrics registers the instruments. reports is called whenever somebody
// reads them.
func NewMetrics(reports func() []live.Report) (*Metrics, error) {
	m := &Metrics{registry: prometheus.NewRegistry()}
	exporter, err := otelprom.New(otelprom.WithRegisterer(m.registry),
		otelprom.WithoutScopeInfo(), otelprom.WithoutTargetInfo())
	if err != nil {
		return nil, fmt.Errorf("open Prometheus exporter: %w", err)
	}
	m.provider = sdk.NewMeterProvider(sdk.WithReader(exporter))
	meter := m.provider.Meter("github.com/weirflow/weir")
	if err := observeReports(meter, reports); err != nil {
		return nil, fmt.Errorf("register instruments: %w", err)
	}
	m.phases, err = meter.Float64Histogram("weir.epoch.phase",
		metric.WithUnit("s"),
		metric.WithDescription("How long each phase of an epoch took: align, finish, durable, commit; epoch is all of it."),
		metric.WithExplicitBucketBoundaries(.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60))
	if err != nil {
		return nil, fmt.Errorf("register instruments: %w", err)
	}
	return m, nil
}

// observeReports registers the table of instruments, read by one callback.
func observeReports(meter metric.Meter, reports func() []live.Report) error {
	table := instruments()
	observables := make([]metric.Observable, len(table))
	var errs []error
	for i, in := range table {
		var err error
		unit, about := metric.WithUnit(in.unit), metric.WithDescription(in.about)
		if in.counts {
			observables[i], err = meter.Float64ObservableCounter(in.name, unit, about)
		} else {
			observables[i], err = meter.Float64ObservableGauge(in.name, unit, about)
		}
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	_, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		for _, r := range reports() {
			for i, in := range table {
				in.observe(r, func(value float64, labels ...attribute.KeyValue) {
					o.ObserveFloat64(observables[i].(metric.Float64Observable), value, metric.WithAttributes(labels...))
				})
			}
		}
		return nil
	}, observables...)
	return err
}

// Handler answers a scrape of Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Close gives back what the instruments hold.
func (m *Metrics) Close(ctx context.Context) error { return m.provider.Shutdown(ctx) }

// Phases takes the times of the epochs of one pipeline. It may be used by
// several goroutines.
type Phases struct {
	metrics *Metrics
	labels  func(phase string) metric.MeasurementOption
}

// Phases returns where the times of the epochs of a pipeline go.
func (m *Metrics) Phases(pipeline string) *Phases {
	return &Phases{m, func(phase string) metric.MeasurementOption {
		return metric.WithAttributes(attribute.String("pipeline", pipeline), attribute.String("phase", phase))
	}}
}

// EpochPhase records that a phase took d.
func (p *Phases) EpochPhase(phase string, d time.Duration) {
	p.metrics.phases.Record(context.Background(), d.Seconds(), p.labels(phase))
}
