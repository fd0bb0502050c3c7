package main

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

const firstParty = "first-party"

// Who is whom an access token speaks for.
type Who struct {
	id, client, family string
	roles              []string
}

func (a *App) newAccessToken(sub string, roles []string, client, scope, family string) string {
	now := time.Now().Unix()
	claims := map[string]any{"iss": a.issuer, "sub": sub, "aud": a.issuer, "iat": now, "exp": now + int64(a.access),
		"jti": newID(), "client_id": client, "scope": scope, "roles": roles}
	if family != "" {
		claims["sid"] = family
	}
	return a.keys.sign(claims)
}

// bearer is the one access token of the request.
func (a *Ask) bearer() string {
	given := a.request.Header.Values("Authorization")
	if len(given) == 0 {
		panic(noToken())
	}
	scheme, token, _ := strings.Cut(given[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		panic(noToken())
	}
	if len(given) > 1 {
		panic(badToken())
	}
	return strings.Trim(token, " ")
}

type claims struct {
	Iss    *string         `json:"iss"`
	Sub    *string         `json:"sub"`
	Aud    json.RawMessage `json:"aud"`
	Iat    *float64        `json:"iat"`
	Exp    *float64        `json:"exp"`
	Nbf    *float64        `json:"nbf"`
	Jti    *string         `json:"jti"`
	Client *string         `json:"client_id"`
	Roles  []string        `json:"roles"`
	Sid    string          `json:"sid"`
}

// read is whom a token speaks for; a token that is not good ends the request.
func (a *Ask) read(token string) Who {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		panic(badToken())
	}
	var header map[string]any
	var said claims
	decoded(parts[0], &header)
	decoded(parts[1], &said)
	signature, err := b64.DecodeString(parts[2])
	kind, _ := header["typ"].(string)
	kid, _ := header["kid"].(string)
	_, critical := header["crit"]
	typed := slices.Contains([]string{"at+jwt", "application/at+jwt"}, strings.ToLower(kind))
	if err != nil || critical || !typed || header["alg"] != algorithm || kid == "" {
		panic(badToken())
	}
	if !a.keys.verifies(kid, parts[0]+"."+parts[1], signature) || !a.holds(said) {
		panic(badToken())
	}
	return Who{*said.Sub, *said.Client, said.Sid, said.Roles}
}

func decoded(part string, into any) {
	text, err := b64.DecodeString(part)
	if err != nil || json.Unmarshal(text, into) != nil {
		panic(badToken())
	}
}

func (a *Ask) holds(said claims) bool {
	if said.Iss == nil || said.Sub == nil || said.Iat == nil || said.Exp == nil || said.Jti == nil || said.Client == nil || said.Roles == nil {
		return false
	}
	var audience string
	var audiences []string
	if json.Unmarshal(said.Aud, &audience) == nil {
		audiences = []string{audience}
	} else if json.Unmarshal(said.Aud, &audiences) != nil {
		return false
	}
	now := float64(time.Now().UnixNano()) / 1e9
	if *said.Exp <= now || *said.Iat > now || (said.Nbf != nil && *said.Nbf > now) {
		return false
	}
	return *said.Iss == a.issuer && slices.Contains(audiences, a.issuer)
}

// anyone has a good access token, of whatever program.
func (a *Ask) anyone() Who {
	who := a.read(a.bearer())
	if who.id == who.client {
		return who // a program in its own name, which has no account to be deleted
	}
	a.transaction(func(q Sql) {
		if q.exec("SELECT 1 FROM accounts WHERE id = $1", who.id) == 0 {
			panic(badToken())
		}
	})
	return who
}

// person has logged in here.
func (a *Ask) person() Who {
	who := a.anyone()
	if who.client != firstParty {
		panic(problem(403, "the token of another program does not allow this"))
	}
	return who
}

func (a *Ask) admin() Who {
	who := a.person()
	if !slices.Contains(who.roles, "admin") {
		panic(problem(403, "this is for administrators"))
	}
	return who
}
