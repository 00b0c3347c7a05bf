-- A conversation of miltertest with our milter: miltertest -D place=inet:PORT@127.0.0.1 -s milter.lua
local conn = mt.connect(place)
if conn == nil then error("cannot connect") end
if mt.conninfo(conn, "client.example", "192.0.2.7") ~= nil then error("conninfo") end
if mt.helo(conn, "client.example") ~= nil then error("helo") end

local function envelope(recipients)
    mt.macro(conn, SMFIC_MAIL, "i", "4ABC", "{auth_authen}", "anna.berg@politik.orkelljunga.se")
    if mt.mailfrom(conn, "<anna.berg@politik.orkelljunga.se>", "BODY=8BITMIME") ~= nil then error("mailfrom") end
    for n = 1, recipients do
        if mt.rcptto(conn, "<person" .. n .. "@mottagare.example>") ~= nil then error("rcptto") end
    end
    mt.header(conn, "From", "Anna Berg <anna.berg@politik.orkelljunga.se>")
    mt.header(conn, "Subject", "Mote")
    mt.header(conn, "Content-Type", "text/plain; charset=utf-8")
    if mt.eoh(conn) ~= nil then error("eoh") end
end

envelope(1)
mt.bodystring(conn, "Vi ses klockan sju.\r\n")
if mt.eom(conn) ~= nil then error("eom") end
if mt.getreply(conn) ~= SMFIR_CONTINUE then error("a harmless message is not taken") end

envelope(120)
mt.bodystring(conn, "Valkommen till samrad om skolvagarna i hela byn.\r\n")
if mt.eom(conn) ~= nil then error("eom") end
if mt.getreply(conn) ~= SMFIR_REPLYCODE then error("a mailing to 120 is taken") end

mt.abort(conn)
envelope(1)
mt.bodystring(conn, "Personnummer: 780914-2388\r\n")
if mt.eom(conn) ~= nil then error("eom") end
if mt.getreply(conn) ~= SMFIR_REPLYCODE then error("a personal identity number is taken") end
mt.disconnect(conn)
