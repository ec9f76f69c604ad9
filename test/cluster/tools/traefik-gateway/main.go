// Package main is a gateway: Traefik's Gateway API provider, which watches gateways and routes and writes their
// statuses, and Traefik's TCP router, which carries the connections. The rest of Traefik, with the clients of some
// hundred DNS services that its certificates may need, takes too long to build for a test.
package main

import (
	"context"
	"flag"
	"net"
	"os"
	"os/signal"
	"strconv"
	"sync/atomic"
	"syscall"

	"github.com/rs/zerolog/log"
	"github.com/traefik/traefik/v3/pkg/config/dynamic"
	"github.com/traefik/traefik/v3/pkg/provider/kubernetes/gateway"
	"github.com/traefik/traefik/v3/pkg/safe"
	tcprouter "github.com/traefik/traefik/v3/pkg/server/router/tcp"
)

func main() {
	host := flag.String("host", "127.0.0.1", "the address to listen on")
	port := flag.Int("port", 8443, "the port to listen on; listeners of gateways name the same one")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx, *host, *port); err != nil {
		log.Fatal().Err(err).Send()
	}
}

// run serves every gateway of Traefik's class in the cluster of KUBECONFIG until the context is over.
func run(ctx context.Context, host string, port int) error {
	listener, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return err
	}
	provider := &gateway.Provider{
		EntryPoints: map[string]gateway.Entrypoint{entryPoint: {Address: ":" + strconv.Itoa(port)}},
	}
	provider.SetDefaults()
	if err := provider.Init(); err != nil {
		return err
	}
	pool := safe.NewPool(ctx)
	configurations := make(chan dynamic.Message)
	if err := provider.Provide(configurations, pool); err != nil {
		return err
	}
	var current atomic.Pointer[tcprouter.Router]
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case message := <-configurations:
				current.Store(newRouter(ctx, message.Configuration))
			}
		}
	}()
	go accept(listener, &current)
	log.Info().Int("port", port).Msg("gateway started")
	<-ctx.Done()
	listener.Close()
	pool.Stop()
	return nil
}

// accept hands each connection to the router of the moment. One that comes before there is any is closed.
func accept(listener net.Listener, current *atomic.Pointer[tcprouter.Router]) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		router := current.Load()
		tcpConn, ok := conn.(*net.TCPConn)
		if router == nil || !ok {
			conn.Close()
			continue
		}
		go router.ServeTCP(tcpConn)
	}
}
