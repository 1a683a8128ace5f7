using Puna.Engine.Files;
using Puna.Engine.Text;
using Puna.Testing;

namespace Puna.Engine.Tests.Text;

/// <summary>Ten million times one character: memory is that of text and ids, not of a merging.</summary>
public sealed class LongTextTests
{
    private const int Length = 10_000_000;

    public static TheoryData<char> Characters => ['a', 'q', ' ', '\n'];

    [Theory]
    [MemberData(nameof(Characters))]
    public void The_default_model_reads_them(char character) =>
        Reads(
            TokenizerFactory.Create(
                ModelFiles.LoadTokenizer(
                    Path.Combine(SharedData.Root, "models", "smollm2-135m-instruct.gguf")
                )
            ),
            character
        );

    [Theory]
    [MemberData(nameof(Characters))]
    public void A_small_byte_level_tokenizer_reads_them(char character) =>
        Reads(SmallTokenizers.ByteLevel(), character);

    [Theory]
    [MemberData(nameof(Characters))]
    public void A_small_sentencepiece_reads_them(char character) =>
        Reads(TokenizerFactory.Create(SmallTokenizers.SentencePiece()), character);

    private static void Reads(ITokenizer tokenizer, char character)
    {
        var text = new string(character, Length);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var ids = tokenizer.Encode(text);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        // A normalised copy in UTF-16, the bytes, and the ids, whose list has doubled until they fit.
        Assert.InRange(allocated, 0, 3L * Length + 3L * sizeof(int) * ids.Count + (12L << 20));
        if (character != ' ')
        {
            Assert.Equal(text, tokenizer.Decode(ids).TrimStart(' '));
        }
    }
}
