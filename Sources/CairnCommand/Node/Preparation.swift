import CairnChain
import CairnCrypto
import CairnLedger
import CairnNode
import CairnSigner
import Logging

/// Parses settings and collects what is wrong with them.
struct Preparation {
  let settings: NodeSettings
  var problems: [CommandFailure] = []

  init(settings: NodeSettings) { self.settings = settings }

  mutating func attempt<Value>(_ body: () throws(CommandFailure) -> Value) -> Value? {
    do throws(CommandFailure) { return try body() } catch {
      problems.append(error)
      return nil
    }
  }

  private mutating func refuse(_ setting: Setting, _ expectation: String) {
    problems.append(
      .refused("bad_value", "\(settings.source(setting)): \(setting.rawValue) \(settings.text(setting)) is not \(expectation)."))
  }

  mutating func address(_ setting: Setting) -> HostAndPort? {
    if let address = HostAndPort(settings.text(setting)) { return address }
    refuse(setting, "host:port")
    return nil
  }

  mutating func optionalAddress(_ setting: Setting) -> HostAndPort? {
    // YAML readers of old take a plain `off` for false.
    ["off", "false"].contains(settings.text(setting)) ? nil : address(setting)
  }

  mutating func boolean(_ setting: Setting) -> Bool? {
    switch settings.text(setting) {
    case "true": return true
    case "false": return false
    default:
      refuse(setting, "true or false")
      return nil
    }
  }

  mutating func log() -> PreparedNode.LogSettings? {
    let level = Logger.Level(rawValue: settings.text(.logLevel))
    if level == nil { refuse(.logLevel, "one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))") }
    let format = settings.text(.logFormat)
    let isKnown = ["text", "json"].contains(format)
    if !isKnown { refuse(.logFormat, "text or json") }
    guard let level, isKnown else { return nil }
    return PreparedNode.LogSettings(level: level, isJSON: format == "json")
  }

  /// From a millisecond to an hour.
  private static let period: ClosedRange<UInt64> = 1...3_600_000

  private mutating func period(_ setting: Setting) -> UInt64? {
    if let value = UInt64(settings.text(setting)), Self.period.contains(value) { return value }
    refuse(setting, "a whole number of milliseconds from \(Self.period.lowerBound) to \(Self.period.upperBound)")
    return nil
  }

  /// `nil` where the node signs its votes itself.
  mutating func signer() -> PreparedNode.Signer? {
    guard settings[.signerAddress] != nil else {
      for setting in [Setting.signerKey, .signerConsensusKey] where settings[setting] != nil {
        problems.append(
          .refused(
            "bad_value", "\(settings.source(setting)): \(setting.rawValue) is set, and signer.address is not: say where the signer is."))
      }
      return nil
    }
    let address = SignerAddress(settings.text(.signerAddress))
    if address == nil { refuse(.signerAddress, "unix: and an absolute path of at most 103 bytes, or host:port") }
    let consensusKey = publicKey(.signerConsensusKey)
    let timeout = period(.signerTimeoutMilliseconds)
    var signerKey: PublicKey?
    if case .tls = address {
      signerKey = publicKey(.signerKey)
      guard signerKey != nil else { return nil }
    }
    guard let address, let consensusKey, let timeout else { return nil }
    return PreparedNode.Signer(
      consensusKey: consensusKey, settings: RemoteSignerSettings(address: address, signerKey: signerKey, timeoutMilliseconds: timeout))
  }

  private mutating func publicKey(_ setting: Setting) -> PublicKey? {
    if let key = Hex.decode(settings.text(setting)).flatMap({ PublicKey($0) }), key.isValidPoint { return key }
    refuse(setting, "the 64 hex digits of an Ed25519 public key, as cairn signer init prints them")
    return nil
  }

  mutating func timers() -> PreparedNode.Timers? {
    let leader = period(.leaderMilliseconds)
    let certificate = period(.certificateMilliseconds)
    let retry = period(.retryMilliseconds)
    let skip = period(.skipMilliseconds)
    let standstill = period(.standstillMilliseconds)
    guard let leader, let certificate, let retry, let skip, let standstill else { return nil }
    return PreparedNode.Timers(leader: leader, certificate: certificate, retry: retry, skip: skip, standstill: standstill)
  }

  mutating func snapshots() -> SnapshotConfiguration? {
    let interval = blocks(.snapshotInterval, from: 0)
    let distance = blocks(.snapshotDistance, from: 1)
    guard let interval, let distance else { return nil }
    var snapshots = SnapshotConfiguration()
    (snapshots.intervalBlocks, snapshots.distanceBlocks) = (interval, distance)
    return snapshots
  }

  private mutating func blocks(_ setting: Setting, from lowest: UInt64) -> UInt64? {
    if let value = UInt64(settings.text(setting)), (lowest...1_000_000_000).contains(value) { return value }
    refuse(setting, "a whole number of blocks from \(lowest) to 1000000000")
    return nil
  }

  /// - Parameter genesis: `nil` when it could not be read; then names are not checked. Nor are those of a node that the genesis does not
  ///   know: it may have been taken in with others.
  mutating func peerAddresses(_ genesis: Genesis?) -> [String: HostAndPort] {
    var addresses: [String: HostAndPort] = [:]
    for (name, value) in settings.peers.sorted(by: { $0.key < $1.key }) {
      let key = Setting.peerPrefix + name
      let names = settings[.name] == nil ? genesis?.validators.validators.map(\.name) : nil
      if let names, !names.contains(name) {
        let nearest = NearestName.nearest(to: name, in: names) ?? ""
        problems.append(.refused("unknown_key", "\(value.source): \(key) is not a validator of the genesis: did you mean \(nearest)?"))
      } else if let address = HostAndPort(value.text) {
        addresses[name] = address
      } else {
        problems.append(.refused("bad_value", "\(value.source): \(key) \(value.text) is not host:port."))
      }
    }
    return addresses
  }
}
