import CairnPolicy
import Testing

func typeName(_ path: String) throws -> EntityTypeName { try #require(EntityTypeName(parsing: path)) }

/// `User::"alice"` as in a policy.
func uid(_ type: String, _ identifier: Text) throws -> EntityUID { EntityUID(try typeName(type), identifier) }

func record(_ fields: (Text, CedarValue)...) throws -> CedarRecord {
  try #require(CedarRecord(fields.map { CedarRecord.Field($0.0, $0.1) }))
}

func json(_ text: String) throws -> CedarJSON { try CedarJSON(parsing: Array(text.utf8)) }

/// Families, photos and albums: what most tests are about.
enum Sample {
  static let schemaText = """
    entity Group in [Group];
    entity User in [Group] = {
      name: String,
      age: Long,
      isActive: Bool,
      manager?: User,
      address?: { city: String, zip?: String },
      scores: Set<Long>,
      quota: decimal,
      joined: datetime,
    } tags String;
    entity Album in [Album] = { owner: User };
    entity Photo in [Album] = { owner: User, isPrivate: Bool, size?: Long };
    entity Color enum ["red", "green"];
    action read, write;
    action view in [read] appliesTo {
      principal: [User],
      resource: [Photo, Album],
      context: { ip: ipaddr, now: datetime, mfa?: Bool },
    };
    action edit in [write, read] appliesTo { principal: User, resource: Photo };
    """

  static func schema() throws -> Schema { try Schema(parsing: schemaText) }

  static func request(_ principal: Text = "alice", action: Text = "view", resource: Text = "beach") throws -> AuthorizationRequest {
    let ip = try #require(CedarIPAddress(parsing: "10.1.2.3"))
    return AuthorizationRequest(
      principal: try uid("User", principal), action: try uid("Action", action), resource: try uid("Photo", resource),
      context: try record(("ip", .ipAddress(ip)), ("now", .datetime(CedarDatetime(milliseconds: 1_000)))))
  }

  static func entities() throws -> Entities {
    let family = try uid("Group", "family")
    let everybody = try uid("Group", "everybody")
    let trip = try uid("Album", "trip")
    let bob = try uid("User", "bob")
    let alice = try uid("User", "alice")
    let attributes: [(Text, CedarValue)] = [
      ("age", .long(30)), ("isActive", .bool(true)), ("scores", .set(CedarSet([.long(1), .long(2)]))),
      ("quota", .decimal(CedarDecimal(tenThousandths: 15_000))), ("joined", .datetime(CedarDatetime(milliseconds: 0))),
    ]
    func user(_ more: (Text, CedarValue)...) throws -> CedarRecord {
      try #require(CedarRecord((attributes + more).map { CedarRecord.Field($0.0, $0.1) }))
    }
    return Entities([
      Entity(everybody), Entity(family, ancestors: [everybody]),
      Entity(
        alice,
        attributes: try user(
          ("name", .string("Alice")), ("manager", .entity(bob)), ("address", .record(try record(("city", .string("Bern")))))),
        ancestors: [family, everybody], tags: try record(("team", .string("red")))),
      Entity(bob, attributes: try user(("name", .string("Bob"))), ancestors: [everybody]),
      Entity(trip, attributes: try record(("owner", .entity(alice)))),
      Entity(
        try uid("Photo", "beach"), attributes: try record(("owner", .entity(alice)), ("isPrivate", .bool(false))), ancestors: [trip]),
      Entity(try uid("Action", "view"), ancestors: [try uid("Action", "read")]),
    ])
  }
}

/// A small generator of the same numbers for the same seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
