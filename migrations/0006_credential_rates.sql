-- How often a credential may ask: so many requests a second, and so many at once. Null: what the server allows by default.
alter table credentials
  add column rate_per_second int check (rate_per_second between 1 and 1000000),
  add column burst int check (burst between 1 and 1000000),
  add constraint credentials_rate_whole check ((rate_per_second is null) = (burst is null));
