package main

import (
	"crypto/subtle"
	"slices"
	"strings"
)

// giveTokens is for other programs (RFC 6749, 5).
func (a *Ask) giveTokens() {
	form := a.form()
	c := a.client(form)
	need(form, "grant_type")
	give := map[string]func(*Client, map[string]string) map[string]any{
		"authorization_code": a.byCode, "refresh_token": a.byRefreshToken, "client_credentials": a.byCredentials,
	}[form["grant_type"]]
	if give == nil {
		panic(oauthError("unsupported_grant_type"))
	}
	if !slices.Contains(c.grants, form["grant_type"]) {
		panic(oauthError("unauthorized_client"))
	}
	a.sendSecret(200, give(c, form))
}

func (a *Ask) tokens(access, scope, refresh string) map[string]any {
	given := map[string]any{"access_token": access, "token_type": "Bearer", "expires_in": a.access, "scope": scope}
	if refresh != "" {
		given["refresh_token"] = refresh
	}
	return given
}

func (a *Ask) byCode(c *Client, form map[string]string) (given map[string]any) {
	need(form, "code", "redirect_uri", "code_verifier")
	a.transaction(func(q Sql) { given = a.exchange(q, c, form) })
	if given == nil {
		panic(oauthError("invalid_grant"))
	}
	return given
}

// exchange is nil if the code is not good; that it was used is kept in any case.
func (a *Ask) exchange(q Sql, c *Client, form map[string]string) map[string]any {
	var account, target, challenge, scope, family string
	var used, expired bool
	var roles []string
	hash := kept(form["code"])
	if !q.row(`SELECT c.account_id, c.redirect_uri, c.challenge, c.scope, c.family_id, c.used, c.expires_at <= now(), a.roles
		FROM codes c JOIN accounts a ON a.id = c.account_id WHERE c.hash = $1 AND c.client_id = $2 FOR UPDATE OF c`,
		[]any{hash, c.id}, &account, &target, &challenge, &scope, &family, &used, &expired, &roles) {
		return nil
	}
	if used {
		endFamily(q, family)
		return nil
	}
	q.exec("UPDATE codes SET used = true WHERE hash = $1", hash)
	proof := b64.EncodeToString(kept(form["code_verifier"]))
	if expired || target != form["redirect_uri"] || subtle.ConstantTimeCompare([]byte(proof), []byte(challenge)) != 1 {
		return nil
	}
	family = beginFamily(q, account, c.id, scope)
	q.exec("UPDATE codes SET family_id = $2 WHERE hash = $1", hash, family)
	refresh := ""
	if slices.Contains(c.grants, "refresh_token") {
		refresh = a.addRefreshToken(q, family)
	}
	a.tell(q, "token_issued", account, "")
	return a.tokens(a.newAccessToken(account, roles, c.id, scope, family), scope, refresh)
}

func (a *Ask) byRefreshToken(c *Client, form map[string]string) map[string]any {
	need(form, "refresh_token")
	var f *found
	var scope, token string
	a.transaction(func(q Sql) {
		if f = findFamily(q, form["refresh_token"], c.id); f != nil {
			scope = narrowed(form, f.scope)
		}
		if f = a.useUp(q, form["refresh_token"], c.id); f != nil {
			token = a.addRefreshToken(q, f.family)
			a.tell(q, "refreshed", f.account, "")
		}
	})
	if f == nil {
		panic(oauthError("invalid_grant"))
	}
	return a.tokens(a.newAccessToken(f.account, f.roles, c.id, scope, f.family), scope, token)
}

// narrowed are some of the scopes that were allowed.
func narrowed(form map[string]string, allowed string) string {
	wanted, there := form["scope"]
	if !there {
		return allowed
	}
	if !within(strings.Fields(wanted), strings.Fields(allowed)) {
		panic(oauthError("invalid_scope"))
	}
	return strings.Join(strings.Fields(wanted), " ")
}

func (a *Ask) byCredentials(c *Client, form map[string]string) map[string]any {
	scope := narrowed(form, strings.Join(c.scopes, " "))
	a.transaction(func(q Sql) { a.tell(q, "token_issued", "", "") })
	return a.tokens(a.newAccessToken(c.id, []string{}, c.id, scope, ""), scope, "")
}

// revoke ends the family of a refresh token (RFC 7009).
func (a *Ask) revoke() {
	form := a.form()
	c := a.client(form)
	need(form, "token")
	a.transaction(func(q Sql) {
		if f := findFamily(q, form["token"], c.id); f != nil {
			endFamily(q, f.family)
			a.tell(q, "logout", f.account, "")
		}
	})
	secret(a)
	a.WriteHeader(200)
}
