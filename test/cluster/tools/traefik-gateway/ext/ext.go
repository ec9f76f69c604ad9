// Package ext stands for Traefik's extension point of the same name, which its module does not carry.
package ext

// HTTP would add to the HTTP configuration.
type HTTP struct{}

// Router would add to an HTTP router.
type Router struct{}
