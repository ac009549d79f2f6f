/// Streams that differ in their seed alone.
package struct StreamGroup: Sendable {
    /// What was measured, by seed.
    package let records: [StreamRecord]

    /// What they share.
    package var stream: EditStream { records[0].stream }
    /// Method and preset, as tables call them.
    package var title: String { records[0].title }

    /// The groups among `records`, in the order of their first.
    package static func groups(_ records: [StreamRecord]) -> [StreamGroup] {
        var places: [EditStream: Int] = [:]
        var groups: [[StreamRecord]] = []
        for record in records {
            var key = record.stream
            (key.seed, key.tasks) = (0, nil)
            if let place = places[key] {
                groups[place].append(record)
            } else {
                places[key] = groups.count
                groups.append([record])
            }
        }
        return groups.map(StreamGroup.init)
    }

    /// What was measured apart from seeds, and how: the same where a sweep names a value that the
    /// preset has anyway.
    private var measurement: (stream: EditStream, recipe: JSONValue?) {
        var stream = stream
        (stream.settings, stream.seed, stream.tasks) = ([:], 0, nil)
        return (stream, records[0].manifest.configs[title])
    }

    /// The group with the settings that `other`, which measured the same, has too.
    fileprivate func merged(with other: StreamGroup) -> StreamGroup {
        StreamGroup(
            records: records.map { record in
                var record = record
                record.stream.settings = stream.settings.filter {
                    other.stream.settings[$0] == $1
                }
                return record
            })
    }

    fileprivate func isMeasured(like other: StreamGroup) -> Bool {
        measurement == other.measurement
    }

    /// The seeds that the processor of the first has measured: times of another tell nothing of it.
    var timed: StreamGroup {
        StreamGroup(
            records: records.filter { $0.manifest.processor == records[0].manifest.processor })
    }

    /// A figure of each seed; those without one are left out.
    package func values(_ figure: (StreamRecord) -> Double?) -> [Double] {
        records.compactMap(figure)
    }

    /// A share in percent: the mean over seeds, and with several seeds the sample's deviation.
    func percent(_ share: (StreamRecord) -> Double?) -> String {
        text(values(share).map { $0 * 100 }) { Figure.decimal($0, digits: 1) }
    }

    /// A number of three digits: mean and deviation.
    func short(_ number: (StreamRecord) -> Double?) -> String {
        text(values(number), Figure.short)
    }

    private func text(_ values: [Double], _ format: (Double?) -> String) -> String {
        let mean = format(Statistics.mean(values))
        guard let deviation = Statistics.deviation(values), deviation > 0 else { return mean }
        return "\(mean) ± \(format(deviation))"
    }
}

extension [StreamGroup] {
    /// Each measurement once, without the settings that only a sweep gives it.
    var distinct: [StreamGroup] {
        reduce(into: []) { kept, group in
            guard let place = kept.firstIndex(where: group.isMeasured) else {
                return kept.append(group)
            }
            kept[place] = kept[place].merged(with: group)
        }
    }

    /// The groups of each data set, in the data sets' order.
    var byData: [(data: LabData.Name, groups: [StreamGroup])] {
        LabData.Name.allCases.compactMap { name in
            let some = filter { $0.stream.data == name }
            return some.isEmpty ? nil : (name, some)
        }
    }
}
