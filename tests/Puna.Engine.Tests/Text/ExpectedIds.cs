using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Puna.Engine.Files;
using Puna.Engine.Files.Tokenizers;
using Puna.Engine.Text;
using Puna.Testing;

namespace Puna.Engine.Tests.Text;

/// <summary>The recorded texts and ids, and the tokenizers that they belong to.</summary>
internal static class ExpectedIds
{
    private const string Inputs = ".inp";
    private const string Outputs = ".out";
    private const string Vocabulary = "vocab.json.gz";
    private const string Merges = "merges.txt.gz";

    private static readonly ConcurrentDictionary<string, Lazy<ITokenizer>> Built = new(
        StringComparer.Ordinal
    );

    /// <summary>
    /// Every recorded set of data/tokenizers and data/weights with each tokenizer that lies in its folder, as paths in the
    /// data: expected-ids-*.jsonl, and the .inp and .out beside a vocabulary in GGUF.
    /// </summary>
    public static TheoryData<string, string> Sets
    {
        get
        {
            var sets = new TheoryData<string, string>();
            foreach (var top in (string[])["tokenizers", "weights"])
            {
                foreach (var folder in ReferenceCases.FolderNames(top).Select(n => $"{top}/{n}"))
                {
                    foreach (var (tokenizer, set) in SetsOf(folder))
                    {
                        sets.Add(
                            new TheoryDataRow<string, string>(
                                $"{folder}/{tokenizer}",
                                $"{folder}/{set}"
                            ).WithTrait("reference", top)
                        );
                    }
                }
            }

            if (sets.Count == 0)
            {
                sets.Add($"tokenizers/{ReferenceCases.None}", ReferenceCases.None);
            }

            return sets;
        }
    }

    /// <summary>The texts and ids of a set.</summary>
    public static List<(string Text, int[] Ids)> Lines(string set) =>
        set.EndsWith(Inputs, StringComparison.Ordinal) ? Pairs(set[..^Inputs.Length])
        : set.EndsWith(".jsonl", StringComparison.Ordinal) ? JsonLines(set.Split('/'))
        : throw new ArgumentException(set);

    private static List<(string Text, int[] Ids)> JsonLines(string[] parts) =>
        [
            .. Encoding
                .UTF8.GetString(SharedData.Bytes(parts))
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line =>
                {
                    using var json = JsonDocument.Parse(line);
                    return (
                        json.RootElement.GetProperty("text").GetString()!,
                        Ids(json.RootElement.GetProperty("ids"))
                    );
                }),
        ];

    private static List<(string Text, int[] Ids)> Pairs(string path)
    {
        var texts = Encoding
            .UTF8.GetString(SharedData.Bytes((path + Inputs).Split('/')))
            .Split("\n__ggml_vocab_test__\n");
        var lines = Encoding
            .UTF8.GetString(SharedData.Bytes((path + Outputs).Split('/')))
            .Split('\n');
        Assert.Equal(texts.Length, lines.Length);
        return
        [
            .. texts.Zip(
                lines,
                (text, line) =>
                    (
                        text,
                        line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
                            .Select(int.Parse)
                            .ToArray()
                    )
            ),
        ];
    }

    public static int[] Ids(JsonElement list) =>
        [.. list.EnumerateArray().Select(id => id.GetInt32())];

    /// <summary>A tokenizer by the path of its file in the data, built once.</summary>
    public static ITokenizer Tokenizer(string path) =>
        Built.GetOrAdd(path, key => new Lazy<ITokenizer>(() => Build(key))).Value;

    private static ITokenizer Build(string path) =>
        TokenizerFactory.Create(
            path.EndsWith(Vocabulary, StringComparison.Ordinal)
                ? VocabularyMergesReader.Read(
                    SharedData.Bytes(path.Split('/')),
                    SharedData.Bytes((path[..^Vocabulary.Length] + Merges).Split('/')),
                    "vocab.json"
                )
            : path.EndsWith(".json.gz", StringComparison.Ordinal)
                ? TokenizerJsonReader.Read(SharedData.Bytes(path.Split('/')), "tokenizer.json")
            : ModelFiles.LoadTokenizer(SharedData.Path(path.Split('/')))
        );

    private static IEnumerable<(string Tokenizer, string Set)> SetsOf(string folder)
    {
        string[] patterns =
        [
            "*.model",
            "tok*.bin",
            "tokenizer.json",
            "tokenizer.json.gz",
            Vocabulary,
        ];
        foreach (var set in ReferenceCases.FileNames(folder, "expected-ids-*.jsonl"))
        {
            foreach (
                var tokenizer in patterns.SelectMany(one => ReferenceCases.FileNames(folder, one))
            )
            {
                yield return (tokenizer, set);
            }
        }

        foreach (var vocabulary in ReferenceCases.FileNames(folder, "*.gguf"))
        {
            if (
                ReferenceCases.FileNames(folder, vocabulary + Inputs).Count
                    + ReferenceCases.FileNames(folder, vocabulary + Outputs).Count
                == 2
            )
            {
                yield return (vocabulary, vocabulary + Inputs);
            }
        }
    }
}
