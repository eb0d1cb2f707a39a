/// Whose requests are counted together.
package enum ClientConnection: Hashable, Sendable {
  case rpc(ObjectIdentifier)
  /// A description of the peer, with its port.
  case grpc(String)
}
