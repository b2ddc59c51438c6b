// Package oidc accepts the JSON Web Tokens (RFC 7519) of an OpenID Connect issuer as credentials of a
// broker. The tokens of Kubernetes service accounts and of CI providers, such as GitHub Actions, are of
// this kind. Start with [Config] and [New].
//
// An [Authenticator] knows one issuer. It accepts a token if one of the issuer's keys has signed it with
// an algorithm of the configuration, if it is for an audience of the configuration, and if it is valid
// now. One claim of the token is the identity, and another one may be the groups. A token that is no
// JSON Web Token, or has another issuer, is left to other authenticators.
//
// The keys come from a file, from a URL, or from where the issuer's discovery document says. They are
// fetched when a token needs them, so a broker starts while the issuer is down. A fetched key is used
// until a later fetch does not return it any more. The keys are fetched again when a token fits none of
// them, and when they are an hour old. But anybody can invent tokens. So at most one fetch is under way,
// there are at most two at once and then one every 10 s, each takes at most 10 s, and an answer has at
// most 1 MiB.
//
// Two issuers could give the same name to different clients. Config.IdentityPrefix and
// Config.GroupsPrefix keep their names apart, from each other and from those of other credentials.
//
// An authenticator cannot see that the issuer has revoked a token: the token is valid until it expires.
package oidc
