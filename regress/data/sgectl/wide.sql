-- What is long, to be shown in 80 columns.
INSERT INTO flow (day,hour,dir,class,tls13,tls12,older,clear,refused)
 VALUES (20517,1,0,'*',123456789,12345678,1234567,7654321,99999),
 (20517,1,1,'*',123456789,12345678,1234567,7654321,99999),
 (20517,1,0,'public',123456789,12345678,1234567,7654321,99999),
 (20517,1,1,'restricted',123456789,12345678,1234567,7654321,99999);
INSERT INTO correspondent (day,dir,domain,class,tls13,tls12,older,clear,refused,legacy,testing,messages,rcpts,first,last)
 VALUES (20517,1,'long-subdomain.of-a-department.govt.nz','government',12345678,1234567,123456,1234567,12345,0,0,12345678,1,1772676600,1772700000);
INSERT INTO incident (day,dir,domain,why,addr,host,sessions,first,last)
 VALUES (20517,1,'long-subdomain.of-a-department.govt.nz','not-offered','2001:db8:1234:5678:9abc:def0:1234:5678','mail-exchanger-one.of-a-department.govt.nz',123456,1772676600,1772700000),
 (20517,0,'long-subdomain.of-a-department.govt.nz','no-connector','2001:db8:1234:5678:9abc:def0:1234:5678','mail-exchanger-one.of-a-department.govt.nz',123456,1772676600,1772700000);
INSERT INTO tally (day,domain,policy,ok,fail)
 VALUES (20517,'long-subdomain.of-a-department.govt.nz',0,123456,12345);
INSERT INTO detail (day,domain,policy,type,sip,rip,mx,helo,reason,info,pending,count)
 VALUES (20517,'long-subdomain.of-a-department.govt.nz',0,'certificate-host-mismatch','192.0.2.1','2001:db8:1234:5678:9abc:def0:1234:5678','mail-exchanger-one.of-a-department.govt.nz','mail-exchanger-one.of-a-department.govt.nz','name does not match in certificate: mail-exchanger-one.of-a-department.govt.nz not present','',0,12345);
INSERT INTO report (id,day,domain,report_id,state,due,record,note,ok,fail,created,done)
 VALUES (12345,20517,'long-subdomain.of-a-department.govt.nz','x','given-up',1772768400,'v=TLSRPTv1; rua=mailto:x','some rather long note about why this did not work out in the end at all, which wraps',1,1,1772757000,NULL);
INSERT INTO delivery (report,uri,state,tries,next,first,last,code,text,kind)
 VALUES (12345,'https://reports.long-subdomain.govt.nz/v1/tlsrpt','given-up',12,1772768400,1772768400,1772768400,503,'503 Service Unavailable: the server is currently unable to handle the request due to maintenance',1),
 (12345,'mailto:tls-reports@long-subdomain.govt.nz','sent',1,0,1,1,0,'',0);
INSERT INTO received (id,org,report_id,contact,submitter,dkim,day,start,finish,stored,oddities)
 VALUES (1,'An Organisation With A Very Long Name Limited','id-of-considerable-length-01234567890@long.example','x@y','long-reporter-name.of-a-provider.example.com','',20517,1772668800,1772755199,1772760000,'["no sending-mta-ip","mx-host is a string, not a list"]'),
 (2,'B','2','x@y','b.example','b.example',20517,1772668800,1772755199,1772760000,NULL);
INSERT INTO received_policy (id,received,domain,type,mode,strings,mx,ok,fail)
 VALUES (1,1,'long-subdomain.of-a-department.govt.nz','sts','enforce','[]','[]',123456,12345),
 (2,2,'long-subdomain.of-a-department.govt.nz','sts','testing','[]','[]',123456,0);
INSERT INTO received_detail (policy,type,sip,rip,mx,helo,reason,info,count)
 VALUES (1,'some-unknown-result-type-of-length','2001:db8:1234:5678:9abc:def0:1234:5678','2001:db8:1234:5678:9abc:def0:1234:9999','mail-exchanger-one.of-a-department.govt.nz','','X509_V_ERR_SOMETHING_VERY_LONG AND MORE TEXT BEHIND IT','https://info.example/',12345),
 (1,'starttls-not-supported','2001:db8:1234:5678:9abc:def0:1234:5678','','mail-exchanger-one.of-a-department.govt.nz','','','',12345);
INSERT INTO sts (domain,id,mode,max_age,fetched,expires,policy,body,checked,refresh,tried,tried_id,error,error_type)
 VALUES ('long-subdomain.of-a-department.govt.nz','20260101T000000000000000000000000','enforce',604800,1772640000,1773244800,1,'version: STSv1
mode: enforce
mx: mail-exchanger-one.of-a-department.govt.nz
max_age: 604800
',1772750000,1772836400,1772640000,'x','policy host: certificate verification failed: certificate has expired and so on and on','sts-webpki-invalid');
INSERT INTO mx (domain,host,pref,matches,failed,retry,seen)
 VALUES ('long-subdomain.of-a-department.govt.nz','mail-exchanger-one.of-a-department.govt.nz',10,0,12,1772772000,1772750000);
INSERT INTO probe (host,addr,probed,status,starttls,tls,type,text,helo,notafter,offers)
 VALUES ('mail-exchanger-one.of-a-department.govt.nz','2001:db8:1234:5678:9abc:def0:1234:5678',1772700000,'ok','offered','TLSv1.3','certificate-host-mismatch','name does not match in certificate: mail-exchanger-one.of-a-department.govt.nz not present','x',1773000000,'');
INSERT INTO bounce (address,count,last,until,text)
 VALUES ('tls-reports@long-subdomain.govt.nz',3,1,1775000000,'550 5.1.1 no such user here and no forwarding address known for this one');
