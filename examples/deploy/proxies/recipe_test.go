//go:build linux

package proxies

import "syscall"

// A recipe is a configuration of this folder, and how its proxy is run.
type recipe struct {
	file    string
	program string
	args    []string            // after them comes the file
	replace []string            // pairs: what the file has, and what a test needs instead
	marker  string              // a setting of the test is inserted before this text
	setting string              // answers 204 at /reloaded
	reload  func(r *run) func() // returns how to make the proxy read the file again
	module  string              // a file that the proxy needs
	streams bool                // serves the PROXY protocol at 8443
	idles   bool                // has idle timeouts of 60s
	keeps   bool                // connections survive a reload
}

var recipes = map[string]recipe{
	"nginx": {
		file: "nginx.conf", program: "nginx", args: []string{"-g", "daemon off;", "-e", "stderr", "-c"},
		replace: []string{
			"pid /run/", "error_log stderr;\npid FOLDER/",
			"http {\n", "http {\naccess_log off;\n" + nginxFolders,
			"/etc/ssl/", "FOLDER/",
			"listen 443 ssl", "listen 127.0.0.1:PORT443 ssl",
			"listen 8443 ssl", "listen 127.0.0.1:PORT8443 ssl",
		},
		module: "/usr/lib/nginx/modules/ngx_stream_module.so",
		marker: "        location /locks/", setting: "location /reloaded { return 204; }\n",
		reload:  func(r *run) func() { return r.signal(syscall.SIGHUP) },
		streams: true, idles: true, keeps: true,
	},
	"haproxy": {
		file: "haproxy.cfg", program: "haproxy", args: []string{"-W", "-db", "-f"},
		replace: []string{
			"/etc/haproxy/", "FOLDER/",
			"bind :443 ", "bind 127.0.0.1:PORT443 ",
			"bind :8443 ", "bind 127.0.0.1:PORT8443 ",
		},
		marker: "    use_backend", setting: "    http-request return status 204 if { path /reloaded }\n",
		reload:  func(r *run) func() { return r.signal(syscall.SIGUSR2) },
		streams: true, idles: true, keeps: true,
	},
	"caddy": {
		file: "Caddyfile", program: "caddy", args: []string{"run", "--adapter", "caddyfile", "--config"},
		replace: []string{
			"\tauto_https", "\tadmin unix/FOLDER/admin\n\tauto_https",
			"/etc/caddy/", "FOLDER/",
			"https://locks.example:443 {", "https://127.0.0.1:PORT443 {\nbind 127.0.0.1",
		},
		marker: "\thandle /locks/", setting: "respond /reloaded 204\n",
		reload: func(r *run) func() {
			return r.command("caddy", "reload", "--address", "unix/"+r.path("admin"),
				"--adapter", "caddyfile", "--config", r.path(r.file))
		},
	},
}

// nginxFolders replaces the folders that only root may write.
const nginxFolders = "client_body_temp_path FOLDER/1;\nproxy_temp_path FOLDER/2;\nfastcgi_temp_path FOLDER/3;\n" +
	"uwsgi_temp_path FOLDER/4;\nscgi_temp_path FOLDER/5;\n"
