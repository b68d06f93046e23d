"""How HTTP is spoken here: access decided on every route, one transaction a request, problems in RFC 9457."""
