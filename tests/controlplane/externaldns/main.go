// external-dns as the tests need it: its sources, its txt and noop registries, its pdns and rfc2136 providers and
// its webhook server, put together from its released packages. Its own main package also links the client
// libraries of every cloud, which are most of what there is to compile, and some of which come and go.
//
// The flags are those of external-dns. --webhook-server listens on WEBHOOK_ADDRESS instead of port 8888.
package main

import (
	"context"
	"os"
	"time"

	"github.com/go-logr/logr"
	log "github.com/sirupsen/logrus"
	crlog "sigs.k8s.io/controller-runtime/pkg/log"

	"sigs.k8s.io/external-dns/endpoint"
	"sigs.k8s.io/external-dns/pkg/apis/externaldns"
	"sigs.k8s.io/external-dns/plan"
	"sigs.k8s.io/external-dns/provider"
	"sigs.k8s.io/external-dns/provider/pdns"
	"sigs.k8s.io/external-dns/provider/rfc2136"
	webhookapi "sigs.k8s.io/external-dns/provider/webhook/api"
	"sigs.k8s.io/external-dns/registry"
	"sigs.k8s.io/external-dns/registry/noop"
	"sigs.k8s.io/external-dns/registry/txt"
	"sigs.k8s.io/external-dns/source"
	"sigs.k8s.io/external-dns/source/wrappers"
)

var providers = map[string]func(context.Context, *externaldns.Config, *endpoint.DomainFilter) (provider.Provider, error){
	"pdns":    pdns.New,
	"rfc2136": rfc2136.New,
}

var registries = map[string]func(*externaldns.Config, provider.Provider) (registry.Registry, error){
	"noop": noop.New,
	"txt":  txt.New,
}

func main() {
	ctx := context.Background()
	crlog.SetLogger(logr.Discard())
	cfg := externaldns.NewConfig()
	check(cfg.ParseFlags(os.Args[1:]))
	level, err := log.ParseLevel(cfg.LogLevel)
	check(err)
	log.SetLevel(level)
	filter := endpoint.NewDomainFilterWithOptions(endpoint.WithDomainFilter(cfg.DomainFilter))
	backend, err := providers[cfg.Provider](ctx, cfg, filter)
	check(err)
	if cfg.WebhookServer {
		address := os.Getenv("WEBHOOK_ADDRESS")
		webhookapi.StartHTTPApi(backend, nil, cfg.WebhookProviderReadTimeout, cfg.WebhookProviderWriteTimeout, address)
	}
	reconcile(ctx, cfg, filter, backend)
}

// reconcile does what controller.Controller.RunOnce does, at each interval.
func reconcile(ctx context.Context, cfg *externaldns.Config, filter *endpoint.DomainFilter, backend provider.Provider) {
	sourceConfig, err := source.NewSourceConfig(cfg)
	check(err)
	desired, err := wrappers.Build(ctx, sourceConfig)
	check(err)
	owned, err := registries[cfg.Registry](cfg, backend)
	check(err)
	for {
		if err := once(ctx, cfg, filter, desired, owned); err != nil {
			log.Errorf("failed to do run once: %v", err)
		}
		time.Sleep(cfg.Interval)
	}
}

func once(ctx context.Context, cfg *externaldns.Config, filter *endpoint.DomainFilter, desired source.Source, owned registry.Registry) error {
	current, err := owned.Records(ctx)
	if err != nil {
		return err
	}
	ctx = context.WithValue(ctx, provider.RecordsContextKey, current)
	endpoints, err := desired.Endpoints(ctx)
	if err != nil {
		return err
	}
	endpoints, err = owned.AdjustEndpoints(endpoints)
	if err != nil {
		return err
	}
	calculated := (&plan.Plan{
		Policies:       []plan.Policy{plan.Policies[cfg.Policy]},
		Current:        current,
		Desired:        endpoints,
		DomainFilter:   endpoint.MatchAllDomainFilters{filter, owned.GetDomainFilter()},
		ManagedRecords: cfg.ManagedDNSRecordTypes,
		ExcludeRecords: cfg.ExcludeDNSRecordTypes,
		OwnerID:        owned.OwnerID(),
	}).Calculate()
	if !calculated.Changes.HasChanges() {
		return nil
	}
	return owned.ApplyChanges(ctx, calculated.Changes)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
