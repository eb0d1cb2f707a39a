import ArgumentParser
import CairnNetwork

/// How far apart the nodes of a local network shall seem to be.
struct WANOption: ParsableArguments {
  @Option(
    name: .customLong("wan"),
    help: ArgumentHelp(
      """
      For tests: hold what comes in from other nodes as if they were far away. \
      \(LinkMatrix.profiles.keys.sorted().joined(separator: ", ")), uniform:50ms (or uniform:50ms,jitter=5ms,loss=0.1%), or a file in \
      the form of the chapter "Testing with clusters".
      """, valueName: "profile"))
  var profile: String?

  private static let byteLimit = 64 << 10

  func matrix() throws(CommandFailure) -> LinkMatrix? {
    guard let profile else { return nil }
    do throws(LinkMatrixError) {
      if let matrix = try LinkMatrix(profile: profile) { return matrix }
    } catch {
      throw .usage("bad_profile", "--wan \(profile): \(error).")
    }
    guard Files.exists(profile) else {
      throw .usage("unknown_profile", "--wan \(profile) is neither a profile nor a file: use \(Self.names) or uniform:50ms.")
    }
    let text = String(decoding: try Files.read(profile, "file of links", limit: Self.byteLimit), as: UTF8.self)
    do throws(LinkMatrixError) { return try LinkMatrix(text: text) } catch {
      throw .usage("bad_profile", "\(profile), \(error).")
    }
  }

  private static var names: String { LinkMatrix.profiles.keys.sorted().joined(separator: ", ") }

  /// For another process in the same working directory.
  var arguments: [String] { profile.map { ["--wan", $0] } ?? [] }
}
