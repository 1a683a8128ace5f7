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
    private static readonly ConcurrentDictionary<string, Lazy<ITokenizer>> Built = new(
        StringComparer.Ordinal
    );

    public static List<(string Text, int[] Ids)> Lines(params string[] parts) =>
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

    public static List<(string Text, int[] Ids)> GgufPairs(string name)
    {
        var input = Encoding.UTF8.GetString(
            SharedData.Bytes("tokenizers", "gguf-vocab", $"ggml-vocab-{name}.gguf.inp")
        );
        var output = Encoding.UTF8.GetString(
            SharedData.Bytes("tokenizers", "gguf-vocab", $"ggml-vocab-{name}.gguf.out")
        );
        var texts = input.Split("\n__ggml_vocab_test__\n");
        var lines = output.Split('\n');
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

    /// <summary>A tokenizer by the name that the tests use for it, built once.</summary>
    public static ITokenizer Tokenizer(string name) =>
        Built.GetOrAdd(name, key => new Lazy<ITokenizer>(() => Build(key))).Value;

    private static ITokenizer Build(string name) =>
        TokenizerFactory.Create(
            name switch
            {
                "llama2.model" => ModelFiles.LoadTokenizer(
                    SharedData.Path("tokenizers", "llama2", "tokenizer.model")
                ),
                "llama2.bin" => ModelFiles.LoadTokenizer(
                    SharedData.Path("tokenizers", "llama2", "tokenizer.bin")
                ),
                "tok512.model" => ModelFiles.LoadTokenizer(
                    SharedData.Path("weights", "stories260K", "tok512.model")
                ),
                "tok512.bin" => ModelFiles.LoadTokenizer(
                    SharedData.Path("weights", "stories260K", "tok512.bin")
                ),
                "tok512.gguf" => Gguf("gguf-types", "f32.gguf"),
                "llama3.json" => TokenizerJsonReader.Read(
                    SharedData.Bytes("tokenizers", "llama3", "tokenizer.json.gz"),
                    "tokenizer.json"
                ),
                "gpt2.gguf" => Gguf("tokenizers", "gguf-vocab", "ggml-vocab-gpt-2.gguf"),
                "gpt2.vocab" => VocabularyMergesReader.Read(
                    SharedData.Bytes("tokenizers", "gpt2", "vocab.json.gz"),
                    SharedData.Bytes("tokenizers", "gpt2", "merges.txt.gz"),
                    "vocab.json"
                ),
                "llama2.gguf" => Gguf("tokenizers", "gguf-vocab", "ggml-vocab-llama-spm.gguf"),
                "smollm2.gguf" => Gguf(
                    "weights",
                    "smollm2-135m-instruct",
                    "SmolLM2-135M-Instruct.Q4_1.gguf"
                ),
                _ => throw new ArgumentException(name),
            }
        );

    private static TokenizerData Gguf(params string[] parts) =>
        ModelFiles.LoadTokenizer(SharedData.Path(parts));
}
