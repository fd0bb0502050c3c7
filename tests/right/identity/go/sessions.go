package main

func (a *Ask) sessionTokens(account string, roles []string, family, token string) map[string]any {
	return map[string]any{"access_token": a.newAccessToken(account, roles, firstParty, "", family), "token_type": "Bearer",
		"expires_in": a.access, "refresh_token": token, "refresh_expires_in": a.refresh}
}

func (a *Ask) logIn() {
	fields := a.fields(map[string]rule{"email": someAddress, "password": text})
	email, password := fields["email"].(string), fields["password"].(string)
	defer a.line.place()()
	var given map[string]any
	func() {
		defer a.guessing.turn(a, email)()
		var account, hash string
		a.transaction(func(q Sql) {
			q.row("SELECT id, password FROM accounts WHERE email = $1", []any{email}, &account, &hash)
		})
		good := a.fits(hash, password)
		a.transaction(func(q Sql) {
			given = nil
			if good {
				given = a.begin(q, account, hash, email)
			}
			if given == nil {
				a.guessing.count(q, a, email)
				a.tell(q, "login_failed", account, "")
			}
		})
	}()
	if given == nil {
		panic(unauthorized("there is no account with this address and password", "Bearer"))
	}
	a.sendSecret(200, given)
}

// begin is nil if the password was changed since it was looked at.
func (a *Ask) begin(q Sql, account, hash, email string) map[string]any {
	var roles []string
	if !q.row("SELECT roles FROM accounts WHERE id = $1 AND password = $2 FOR SHARE", []any{account, hash}, &roles) {
		return nil
	}
	a.guessing.forget(q, a, email)
	family := beginFamily(q, account, "", "")
	token := a.addRefreshToken(q, family)
	a.tell(q, "login", account, "")
	return a.sessionTokens(account, roles, family, token)
}

func (a *Ask) refreshSession() {
	old := a.fields(map[string]rule{"refresh_token": text})["refresh_token"].(string)
	var f *found
	var token string
	a.transaction(func(q Sql) {
		if f = a.useUp(q, old, ""); f != nil {
			token = a.addRefreshToken(q, f.family)
			a.tell(q, "refreshed", f.account, "")
		}
	})
	if f == nil {
		panic(unauthorized("the refresh token is not good", "Bearer"))
	}
	a.sendSecret(200, a.sessionTokens(f.account, f.roles, f.family, token))
}

func (a *Ask) logOut() {
	who := a.person()
	a.transaction(func(q Sql) {
		endFamily(q, who.family)
		a.tell(q, "logout", who.id, who.id)
	})
	a.WriteHeader(204)
}

func (a *Ask) logOutEverywhere() {
	who := a.person()
	a.transaction(func(q Sql) {
		endAll(q, who.id, "")
		a.tell(q, "logout", who.id, who.id)
	})
	a.WriteHeader(204)
}
