import CairnNode
import CairnProtocol

/// What `cairn --version` says.
enum Version {
  static let product = Product.version
  /// Of Cairn RPC and of the messages.
  static let protocolVersion = CairnMethod.protocolVersion

  static var build: String {
    #if DEBUG
      "debug-\(architecture)"
    #else
      "release-\(architecture)"
    #endif
  }

  private static var architecture: String {
    #if arch(x86_64)
      "x86_64"
    #elseif arch(arm64)
      "arm64"
    #else
      "other"
    #endif
  }

  static var text: String { "cairn \(product) (protocol \(protocolVersion), build \(build))" }
}
