// Package access answers two questions about a client of a broker: who is it, and what may it do?
//
// Who it is, an [Authenticator] says. It looks at what the client has presented with its HTTP
// request, a [Credential], and returns a [Subject]: an [Identity], and until when it holds. This
// package has three: [Tokens] knows bearer tokens by their hashes, [Certificates] reads the identity
// from the client's certificate, and [Users] knows the users at the other end of a Unix socket.
// Package oidc has a fourth, for the JSON Web Tokens of an OpenID Connect provider.
//
// What it may do, a [Policy] says. It is a list of rules: for these identities, on these lock names,
// these verbs. [Policy.For] picks the rules of one identity, and returns its [Permissions]. Those
// answer each question of the broker, such as whether the identity may acquire a lock. Package
// policyfile reads rules from a file.
//
// A [Control] has both. It is immutable: an operator who changes something gives the broker a new
// one. So the broker judges each message by exactly one policy.
//
// Who issues credentials decides about identities and groups, so the operator must trust each issuer
// with all names that the policy knows. An issuer of tokens can be given a prefix, which keeps it to
// its own names.
//
// Everything in this package may be used concurrently.
package access
