package main

// A family is all tokens that grew out of one login, of a person or of another program in a person's name.

func beginFamily(q Sql, account, client, scope string) string {
	id := newID()
	q.exec("INSERT INTO families (id, account_id, client_id, scope) VALUES ($1, $2, $3, $4)", id, account, client, scope)
	return id
}

func (a *App) addRefreshToken(q Sql, family string) string {
	token := newSecret()
	q.exec("INSERT INTO refresh_tokens (hash, family_id, expires_at) VALUES ($1, $2, now() + $3 * interval '1 second')",
		kept(token), family, float64(a.refresh))
	return token
}

type found struct {
	family, account, scope string
	roles                  []string
	used, expired, ended   bool
}

// findFamily is that of a refresh token, which nobody else changes meanwhile; nil if it is unknown, or another program's.
func findFamily(q Sql, token, client string) *found {
	var f found
	there := q.row(`SELECT f.id, f.account_id, f.scope, f.ended, r.used, r.expires_at <= now(), a.roles
		FROM refresh_tokens r JOIN families f ON f.id = r.family_id JOIN accounts a ON a.id = f.account_id
		WHERE r.hash = $1 AND f.client_id = $2 FOR UPDATE OF f, r`,
		[]any{kept(token), client}, &f.family, &f.account, &f.scope, &f.ended, &f.used, &f.expired, &f.roles)
	if !there {
		return nil
	}
	return &f
}

// useUp is the family of a good token, which is used up by that; nil for any other. One that was used before ends its family.
func (a *Ask) useUp(q Sql, token, client string) *found {
	f := findFamily(q, token, client)
	if f == nil {
		return nil
	}
	if f.used {
		endFamily(q, f.family)
		a.tell(q, "refresh_replayed", f.account, "")
		return nil
	}
	if f.expired || f.ended {
		return nil
	}
	q.exec("UPDATE refresh_tokens SET used = true WHERE hash = $1", kept(token))
	return f
}

func endFamily(q Sql, family string) {
	q.exec("UPDATE families SET ended = true WHERE id = $1", family)
}

// endAll ends those of an account, and what would begin more of them.
func endAll(q Sql, account, but string) {
	q.exec("DELETE FROM codes WHERE account_id = $1", account)
	q.exec("UPDATE families SET ended = true WHERE account_id = $1 AND id <> $2", account, but)
}
