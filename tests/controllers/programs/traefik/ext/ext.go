// Package ext replaces two empty extensions of Traefik's configuration.
package ext

// HTTP is empty.
type HTTP struct{}

// DeepCopyInto copies nothing.
func (in *HTTP) DeepCopyInto(*HTTP) {}

// Router is empty.
type Router struct{}

// DeepCopyInto copies nothing.
func (in *Router) DeepCopyInto(*Router) {}
