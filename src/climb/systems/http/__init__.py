"""HTTP/1.1 on nothing but sockets: a strict parser without any, and a server around it; the system behind ``climb serve files``."""
