using System.Text;
using Puna.Engine.Files.Tokenizers;
using Puna.Engine.Text;
using Puna.Testing;

namespace Puna.Engine.Tests.Text;

/// <summary>Damaged files give a sentence or a tokenizer, never another exception, a hang or gigabytes.</summary>
public class TokenizerFuzzTests
{
    private const int Mutations = 20_000;
    private const string Text = "hello <s>ab\u0301 \ud83d\ude00<|end|> 12";

    [Fact]
    public void A_damaged_sentencepiece_model_never_crashes()
    {
        var file = SharedData.Bytes("weights", "stories260K", "tok512.model");
        Fuzz(file, bytes => SentencePieceModelReader.Read(bytes, "t"));
    }

    [Fact]
    public void A_damaged_llama2c_tokenizer_never_crashes()
    {
        var file = SharedData.Bytes("weights", "stories260K", "tok512.bin");
        Fuzz(file, bytes => Llama2cTokenizerReader.Read(bytes, "t"));
    }

    [Fact]
    public void A_damaged_tokenizer_json_never_crashes()
    {
        var file = Encoding.UTF8.GetBytes(SmallTokenizers.ByteLevelJson().ToJsonString());
        Fuzz(file, bytes => TokenizerJsonReader.Read(bytes, "t"));
    }

    [Fact]
    public void A_damaged_vocabulary_or_list_of_merges_never_crashes()
    {
        var vocabulary = """{"a": 0, "b": 1, "ab": 2, "<|endoftext|>": 3}"""u8.ToArray();
        var merges = "#version: 0.2\na b\n"u8.ToArray();
        Fuzz(vocabulary, bytes => VocabularyMergesReader.Read(bytes, merges, "t"));
        Fuzz(merges, bytes => VocabularyMergesReader.Read(vocabulary, bytes, "t"));
    }

    [Fact]
    public void A_damaged_character_map_never_crashes()
    {
        // Random units: most of what a search meets leads out of the trie.
        var map = new byte[4 + (4 * 256) + 2];
        map[1] = 4;
        new Random(1).NextBytes(map.AsSpan(4));
        var data = SmallTokenizers.SentencePiece();
        Fuzz(map, bytes => data with { CharacterMap = bytes });
    }

    [Fact]
    public void Damaged_gguf_metadata_never_crashes()
    {
        var random = new Random(8);
        string[] kinds = ["llama", "gpt2", "t5"];
        string[] pieces =
        [
            "<unk>",
            "<s>",
            "</s>",
            "<0x41>",
            "\u2581",
            "a",
            "b",
            "ab",
            "\u0120",
            "",
            "\uFFFD",
            "\uD800",
        ];
        string[] merges = ["a b", "\u2581 a", "b", " ", "a  b", "\u0120 ab"];
        var taken = 0;
        for (var i = 0; i < Mutations; i++)
        {
            var tokens = pieces.Take(random.Next(pieces.Length + 1)).ToArray();
            random.Shuffle(tokens);
            if (tokens.Length > 0 && random.Next(9) == 0)
            {
                tokens[0] = tokens[^1];
            }

            var values = new Dictionary<string, object>
            {
                ["tokenizer.ggml.model"] = kinds[random.Next(20) == 0 ? 2 : random.Next(2)],
                ["tokenizer.ggml.tokens"] = tokens,
                ["tokenizer.ggml.scores"] = Some(
                    tokens.Length,
                    () => random.Next(99) == 0 ? float.NaN : random.NextSingle()
                ),
                ["tokenizer.ggml.token_type"] = Some(
                    tokens.Length,
                    () => random.Next(50) == 0 ? random.Next() : 1 + random.Next(6)
                ),
                ["tokenizer.ggml.merges"] = Some(
                    random.Next(4),
                    () => merges[random.Next(merges.Length)]
                ),
                ["tokenizer.ggml.bos_token_id"] = (long)random.Next(-2, pieces.Length),
                ["tokenizer.ggml.eos_token_id"] = (long)random.Next(-2, pieces.Length),
                ["tokenizer.ggml.unknown_token_id"] = (long)random.Next(-1, pieces.Length),
            };
            try
            {
                var data = GgufTokenizerReader.Read(new GgufMetadata(values))!;
                var tokenizer = TokenizerFactory.Create(data);
                Assert.NotNull(tokenizer.Decode(tokenizer.Encode(Text)));
                taken++;
            }
            catch (InputException fault)
            {
                Assert.False(string.IsNullOrWhiteSpace(fault.Message));
            }
        }

        Assert.InRange(taken, Mutations / 50, Mutations - (Mutations / 50));

        T[] Some<T>(int count, Func<T> next) =>
            [
                .. Enumerable
                    .Range(0, random.Next(40) == 0 ? random.Next(20) : count)
                    .Select(_ => next()),
            ];
    }

    private static void Fuzz(byte[] file, Func<byte[], TokenizerData> read)
    {
        var random = new Random(42);
        var taken = 0;
        for (var i = 0; i < Mutations; i++)
        {
            var bytes = Mutate(file, random);
            try
            {
                var tokenizer = TokenizerFactory.Create(read(bytes));
                Assert.NotNull(tokenizer.Decode(tokenizer.Encode(Text)));
                taken++;
            }
            catch (InputException fault)
            {
                Assert.False(string.IsNullOrWhiteSpace(fault.Message));
            }
        }

        // A reader that refuses, or takes, everything would pass unseen.
        Assert.InRange(taken, Mutations / 50, Mutations - (Mutations / 50));
    }

    private static byte[] Mutate(byte[] file, Random random)
    {
        var bytes = file.ToArray();
        for (var changes = 1 + random.Next(3); changes > 0; changes--)
        {
            var at = random.Next(bytes.Length);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes[at] = 0xFF;
                    break;
                case 3 when random.Next(8) == 0:
                    bytes = bytes[..(1 + at)];
                    break;
                default:
                    // A run copied over another place: repeated pieces, shifted numbers.
                    var length = random.Next(Math.Min(16, bytes.Length - at));
                    bytes
                        .AsSpan(at, length)
                        .ToArray()
                        .CopyTo(bytes, random.Next(bytes.Length - length));
                    break;
            }
        }

        return bytes;
    }
}
