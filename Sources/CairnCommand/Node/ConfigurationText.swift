import CairnChain

/// The commented configuration that `genesis join` writes.
enum ConfigurationText {
  /// - Parameters:
  ///   - peerAddress: as the genesis has it; the node listens on its port, on all addresses.
  ///   - isNewcomer: the genesis does not know the node.
  ///   - passphraseFile: absolute; `nil` leaves the choice to the operator.
  static func node(
    name: String, peerAddress: String, clientAddress: String, isNewcomer: Bool = false, passphraseFile: String?
  ) -> String {
    let passphrase =
      passphraseFile.map { "passphrase_file: '\($0.replacing("'", with: "''"))'" } ?? "#passphrase_file: /etc/cairn/passphrase"
    return """
      # Configuration of the Cairn node \(name).
      #
      # Check it with: cairn node check-config --config node.yaml
      # Each value can be overridden by the environment (listen.peers: CAIRN_LISTEN_PEERS) and on the command line
      # (--set listen.peers=0.0.0.0:7400). Paths are relative to this file.

      # The sealed genesis of the network, the same file on all nodes.
      genesis: genesis.cairn

      # Of a node whose keys the genesis does not know, because the network took it in later or its keys were changed: it follows until it is a
      # validator.
      \(isNewcomer ? "name: \(name)" : "#name: \(name)")

      # The node's encrypted keys, mode 0600.
      keys: node.keys

      # File with the passphrase of the keys, readable by the node alone; without it: CAIRN_PASSPHRASE_FILE.
      \(passphrase)

      # Everything that the node must not lose: its chain and the record of its own votes. Never copy it to a second node.
      data: data

      # Each listener is separate, so that clients can never starve the validators. "off" turns grpc, admin or http off.
      listen:
        # Other validators, TLS with the node keys of the ledger.
        peers: \(listener(peerAddress, 7400))
        # Clients: Cairn RPC, TLS.
        clients: \(listener(clientAddress, 7401))
        # Clients: gRPC, TLS.
        grpc: off
        # The operator's commands, without TLS: loopback only.
        admin: 127.0.0.1:7403
        # Readers: W3C DID Resolution over HTTP, /healthz, /readyz and /metrics, without TLS. Put a proxy with TLS before it for others than
        # this host, which keeps /metrics to itself.
        http: 127.0.0.1:7404

      # false: follow and serve, but never vote.
      voting: true

      # Votes are signed by `cairn signer`, a process of its own that holds the consensus key; cairn signer init says what belongs here.
      #signer:
      #  address: unix:/run/cairn-signer/signer.sock
      #  consensus_key: the validator's public key, 64 hex digits
      #  key: the signer's own public key, for an address of the form host:port
      #  timeout_ms: 1000

      log:
        # trace, debug, info, notice, warning, error or critical
        level: info
        # text for people, json for programs
        format: text

      # Periods of consensus in milliseconds; they may differ from node to node without harm to safety.
      #timers:
      #  leader_ms: 1000
      #  certificate_ms: 2000
      #  retry_ms: 2000
      #  skip_ms: 30000
      #  standstill_ms: 10000

      # The state as files that a new node, or one that was long away, begins with; the two newest are kept. Nodes with the same interval
      # make the same snapshots, so that others fetch from all of them at once. interval_blocks: 0 makes none. distance_blocks: how far
      # ahead a snapshot must be before this node takes one; it has no older blocks afterwards than the last 1,000 before the snapshot.
      #snapshots:
      #  interval_blocks: 10000
      #  distance_blocks: 2000

      # Where validators listen when that is not what the ledger says.
      #peers:
      #  other-validator: 10.0.0.2:7400

      """
  }

  private static func listener(_ address: String, _ port: Int) -> String { "0.0.0.0:\(HostAndPort(address)?.port ?? port)" }
}
