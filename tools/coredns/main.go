// Command coredns is CoreDNS with the plugins that the lab's node needs and no other.
package main

import (
	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/forward"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/loadbalance"
	_ "github.com/coredns/coredns/plugin/ready"
	_ "github.com/coredns/coredns/plugin/template"

	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"
)

// Plugins run in the order of Directives; each that the program links must be in it (core/plugin would link all).
func init() {
	dnsserver.Directives = []string{
		"bind", "health", "ready", "errors", "cache", "loadbalance", "kubernetes", "template", "forward",
	}
}

func main() {
	coremain.Run()
}
