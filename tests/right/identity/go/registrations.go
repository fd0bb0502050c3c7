package main

func (a *Ask) register() {
	fields := a.fields(map[string]rule{"email": anAddress, "password": newPassword})
	hash := a.hashed(fields["password"].(string))
	a.transaction(func(q Sql) { a.outbox.write(q, "registration", fields["email"].(string), hash) })
	a.outbox.wake()
	a.send(202, map[string]string{"message": "A message to this address says how to go on."})
}

// hashed waits in line.
func (a *Ask) hashed(password string) string {
	defer a.line.place()()
	return a.hash(password)
}

func (a *Ask) hash(password string) (hash string) {
	a.notCounted(func() { hash = a.line.hash(password) })
	return hash
}

func (a *Ask) fits(hash, password string) (fits bool) {
	a.notCounted(func() { fits = a.line.fits(hash, password) })
	return fits
}

func (a *Ask) confirm() {
	token := a.fields(map[string]rule{"token": text})["token"].(string)
	var c *Account
	a.transaction(func(q Sql) {
		var email, hash string
		var message int64
		there := q.row(`DELETE FROM letters WHERE hash = $1 AND kind = 'confirm' AND expires_at > now()
			RETURNING email, password, outbox_id`, []any{kept(token)}, &email, &hash, &message)
		q.lock(newAccounts) // so that they are listed in the order of their commits
		if !there || q.exec("INSERT INTO accounts (id, email, password, roles) VALUES ($1, $2, $3, '{user}') ON CONFLICT (email) DO NOTHING",
			newID(), email, hash) == 0 {
			panic(wrong("token", "is not good, or not any more"))
		}
		c = findAccount(q, "email = $1", email)
		q.exec("DELETE FROM letters WHERE email = $1 AND kind = 'confirm'", email)
		q.exec("DELETE FROM outbox WHERE id = $1", message)
		a.tell(q, "registered", c.id, "")
	})
	a.send(201, c)
}
