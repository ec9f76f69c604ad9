package main

import (
	"context"
	"net/http"
	"time"

	ptypes "github.com/traefik/paerser/types"
	"github.com/traefik/traefik/v3/pkg/config/dynamic"
	"github.com/traefik/traefik/v3/pkg/config/runtime"
	tcpmiddleware "github.com/traefik/traefik/v3/pkg/server/middleware/tcp"
	tcprouter "github.com/traefik/traefik/v3/pkg/server/router/tcp"
	tcpservice "github.com/traefik/traefik/v3/pkg/server/service/tcp"
	"github.com/traefik/traefik/v3/pkg/tcp"
	traefiktls "github.com/traefik/traefik/v3/pkg/tls"
)

const (
	entryPoint       = "gateway"
	providerSuffix   = "@kubernetesgateway"
	defaultTransport = "default@internal"
)

// newRouter makes what carries the connections of one configuration.
func newRouter(ctx context.Context, configuration *dynamic.Configuration) *tcprouter.Router {
	conf := runtime.NewConfig(dynamic.Configuration{TCP: qualified(configuration.TCP)})
	conf.PopulateUsedBy()
	tlsManager := traefiktls.NewManager(nil)
	options := map[string]traefiktls.Options{traefiktls.DefaultTLSConfigName: traefiktls.DefaultTLSOptions}
	tlsManager.UpdateConfigs(ctx, nil, options, nil)
	transport := &dynamic.TCPServersTransport{DialTimeout: ptypes.Duration(5 * time.Second)}
	dialers := tcp.NewDialerManager(nil)
	dialers.Update(map[string]*dynamic.TCPServersTransport{defaultTransport: transport})
	none := map[string]http.Handler{}
	manager := tcprouter.NewManager(
		conf,
		tcpservice.NewManager(conf, dialers),
		tcpmiddleware.NewBuilder(conf.TCPMiddlewares),
		none,
		none,
		tlsManager,
		nil,
	)
	return manager.BuildHandlers(ctx, []string{entryPoint})[entryPoint]
}

// qualified adds the provider to the names, as Traefik does where it merges the configurations of all providers.
func qualified(configuration *dynamic.TCPConfiguration) *dynamic.TCPConfiguration {
	result := &dynamic.TCPConfiguration{
		Routers:  map[string]*dynamic.TCPRouter{},
		Services: map[string]*dynamic.TCPService{},
	}
	for name, router := range configuration.Routers {
		result.Routers[name+providerSuffix] = router
	}
	for name, service := range configuration.Services {
		result.Services[name+providerSuffix] = service
	}
	return result
}
