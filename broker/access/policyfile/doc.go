// Package policyfile reads the policy of a broker from a YAML file. Start with [Read].
//
// The file lists rules. Nothing is allowed that no rule allows:
//
//	rules:
//	  - for: [billing, "spiffe://example/billing/*"]
//	    locks: ["invoices/**"]
//	    allow: [acquire, list]
//	  - for: ["**"] # everybody
//	    locks: ["home/{identity}/**"]
//	    allow: [acquire, list]
//	  - for: ["group:operators"]
//	    locks: ["**"]
//	    allow: [list, steal, evict, clients]
//
// [access.Rule] explains the fields, and PROTOCOL.md the globs and the verbs.
//
// Package strictyaml says what such a file may not have. Each error is one line with the file, the line and
// the column.
//
// It cannot see whether a name in the file exists: a rule for an identity with a typing error is for
// nobody.
package policyfile
