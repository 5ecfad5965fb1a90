"""The way to Microsoft's hosts, and the one home of httpx: connections, TLS, proxies, waits and attempts."""

from importlib import import_module

from o365_exporter.interpreter import as_if_missing

with as_if_missing("click"):  # for a command line of its own: 2 MiB, and with rich a tenth of a second
    import_module("httpx")

from o365_exporter.http.client import Http, open_http, path_to, proxies_of
from o365_exporter.http.options import CERTIFICATE_FILE, CERTIFICATE_FOLDERS, ConnectionOptions, Surroundings
from o365_exporter.http.proxies import Bypass, Proxies, Proxy, parse_bypasses, parse_proxy
from o365_exporter.http.traffic import Traffic
from o365_exporter.http.trust import authority_defects, check_folder, load_authorities

__all__ = [
    "CERTIFICATE_FILE",
    "CERTIFICATE_FOLDERS",
    "Bypass",
    "ConnectionOptions",
    "Http",
    "Proxies",
    "Proxy",
    "Surroundings",
    "Traffic",
    "authority_defects",
    "check_folder",
    "load_authorities",
    "open_http",
    "parse_bypasses",
    "parse_proxy",
    "path_to",
    "proxies_of",
]
