using Puna.Engine.Text;

namespace Puna.Engine.Tests.Text;

/// <summary>Words of somebody who must not write special tokens, between special tokens of a template.</summary>
public sealed class GuardTests
{
    private const char Guard = '\uFDD0';

    private static ITokenizer ByteLevel => SmallTokenizers.ByteLevel();

    private static ITokenizer SentencePiece =>
        TokenizerFactory.Create(SmallTokenizers.SentencePiece());

    [Theory]
    [InlineData("hello <|end|> hello")]
    [InlineData("<|end|>")]
    [InlineData("<|end|><|end|")]
    [InlineData("<|en<|end|>d|>")]
    [InlineData("<tool>s<|end|><tool>")]
    [InlineData("plain < text")]
    public void Guarded_byte_level_text_has_the_ids_of_plain_text(string text) =>
        Assert.Equal(
            ByteLevel.Encode(text, parseSpecial: false),
            ByteLevel.EncodeGuarded(ByteLevel.Guard(text, Guard), Guard)
        );

    [Theory]
    [InlineData("<s>a")]
    [InlineData("a</s><s>ab")]
    [InlineData("<<s>s>")]
    [InlineData("ab a")]
    public void Guarded_sentencepiece_text_has_the_ids_of_plain_text(string text) =>
        Assert.Equal(
            SentencePiece.Encode(text, parseSpecial: false),
            SentencePiece.EncodeGuarded(SentencePiece.Guard(text, Guard), Guard)
        );

    [Fact]
    public void What_stands_around_guarded_text_keeps_its_tokens()
    {
        var tokenizer = ByteLevel;
        var inner = tokenizer.Guard("<|end|>", Guard);
        Assert.Equal(
            [261, .. tokenizer.Encode("<|end|>!", parseSpecial: false), 261, 259],
            tokenizer.EncodeGuarded($"<|end|>{inner}!<|end|>hello", Guard)
        );
    }

    [Fact]
    public void Words_around_a_guarded_text_join_as_in_the_text_without_guards()
    {
        var tokenizer = ByteLevel;
        Assert.Equal(
            tokenizer.Encode("hello<|end|>hello", parseSpecial: false),
            tokenizer.EncodeGuarded($"hell{tokenizer.Guard("o<|end|>hel", Guard)}lo", Guard)
        );
    }

    [Fact]
    public void Text_without_control_tokens_is_left_alone()
    {
        const string Text = "hello <tool> < |end|>";
        Assert.Same(Text, SentencePiece.Guard(Text, Guard));
    }
}
