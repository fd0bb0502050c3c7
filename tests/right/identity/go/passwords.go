package main

func (a *Ask) changePassword() {
	who := a.person()
	fields := a.fields(map[string]rule{"current": text, "new": newPassword})
	var email, hash string
	a.transaction(func(q Sql) {
		if !q.row("SELECT email, password FROM accounts WHERE id = $1", []any{who.id}, &email, &hash) {
			panic(badToken())
		}
	})
	defer a.line.place()()
	good := false
	func() {
		defer a.guessing.turn(a, email)()
		fits, changed := a.fits(hash, fields["current"].(string)), ""
		if fits {
			changed = a.hash(fields["new"].(string))
		}
		a.transaction(func(q Sql) {
			good = fits && q.exec("UPDATE accounts SET password = $3 WHERE id = $1 AND password = $2", who.id, hash, changed) == 1
			if good {
				endAll(q, who.id, who.family)
				a.tell(q, "password_changed", who.id, who.id)
				return
			}
			a.guessing.count(q, a, email)
			a.tell(q, "login_failed", who.id, who.id)
		})
	}()
	if !good {
		panic(wrong("current", "is not the password"))
	}
	a.WriteHeader(204)
}

func (a *Ask) askForReset() {
	email := a.fields(map[string]rule{"email": anAddress})["email"].(string)
	a.transaction(func(q Sql) { a.outbox.write(q, "reset", email, "") })
	a.outbox.wake()
	a.send(202, map[string]string{"message": "If there is an account, a message to it says how to go on."})
}

func (a *Ask) reset() {
	fields := a.fields(map[string]rule{"token": text, "new": newPassword})
	token, bad := kept(fields["token"].(string)), wrong("token", "is not good, or not any more")
	a.transaction(func(q Sql) {
		if q.exec("SELECT 1 FROM letters WHERE hash = $1 AND kind = 'reset'", token) == 0 {
			panic(bad)
		}
	})
	hash := a.hashed(fields["new"].(string))
	a.transaction(func(q Sql) {
		var account, email string
		if !q.row("DELETE FROM letters WHERE hash = $1 AND kind = 'reset' AND expires_at > now() RETURNING account_id, email",
			[]any{token}, &account, &email) {
			panic(bad)
		}
		q.exec("UPDATE accounts SET password = $2 WHERE id = $1", account, hash)
		q.exec("DELETE FROM letters WHERE account_id = $1", account)
		q.exec("DELETE FROM outbox WHERE email = $1 AND kind = 'reset'", email)
		endAll(q, account, "")
		a.tell(q, "password_reset", account, "")
	})
	a.WriteHeader(204)
}
