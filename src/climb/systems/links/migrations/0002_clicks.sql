CREATE TABLE clicks (
    code  text        NOT NULL COLLATE "C",
    hour  timestamptz NOT NULL,
    count bigint      NOT NULL,
    PRIMARY KEY (code, hour)
) WITH (fillfactor = 70);

CREATE TABLE click_totals (
    code  text   PRIMARY KEY COLLATE "C",
    count bigint NOT NULL
) WITH (fillfactor = 50);

-- How far the clicks of each journal are counted: written in the transaction that counts them, so that none is counted twice.
CREATE TABLE click_journals (
    journal uuid   PRIMARY KEY,
    counted bigint NOT NULL
);
