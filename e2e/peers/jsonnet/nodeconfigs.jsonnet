// The NodeConfigs of a fleet; `fleet` is its JSON as text.
function(fleet)
  local data = std.parseJson(fleet);
  local poolOf = {
    [rack]: { name: name, profile: data.pools[name].profile }
    for name in std.objectFields(data.pools)
    for rack in data.pools[name].racks
  };
  local ipv4(address) = '%d.%d.%d.%d' % [
    std.floor(address / 16777216),
    std.floor(address / 65536) % 256,
    std.floor(address / 256) % 256,
    address % 256,
  ];
  [
    {
      local pool = poolOf[node.rack],
      apiVersion: 'rackwright.dev/v1alpha1',
      kind: 'NodeConfig',
      metadata: {
        labels: { 'rackwright.dev/pool': pool.name },
        name: node.name,
      },
      spec: {
        facts: {
          rack: node.rack,
          rails: [
            {
              guid: hca.guid,
              ipv4: ipv4(data.fabric.base + hca.rail * data.fabric.stride + node.host) + '/' + data.fabric.prefixLength,
              rail: hca.rail,
            }
            for hca in node.hcas
          ],
        },
        management: 'Managed',
        profile: pool.profile,
      },
    }
    for node in data.nodes
  ]
