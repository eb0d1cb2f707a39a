import ArgumentParser

struct GenesisCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "genesis", abstract: "Start a network: the ceremony in which its operators make the first block.",
    discussion: """
      1. One operator writes the template (new) and sends it to the others, who agree on it.
      2. Each operator, on its own host, adds itself (join): keys that never leave the host, and an entry that they sign. If the template changes afterwards, each signs its entry again (sign).
      3. Everybody collects all entries and seals them (seal): the same template and entries give the same genesis, byte for byte.
      4. All compare one short fingerprint, each checks that its own entry is in (verify), and starts its node.
      """,
    subcommands: [
      GenesisNew.self, GenesisJoin.self, GenesisSign.self, GenesisSeal.self, GenesisShow.self, GenesisVerify.self, GenesisAnchor.self,
    ])
}
