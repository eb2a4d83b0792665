"""What travels over HTTP: the shapes of requests and answers, checked on both ways."""
