using System.Text;
using Puna.Engine.Text;

namespace Puna.Engine.Tests.Text;

public class StreamingDetokenizerTests
{
    [Fact]
    public void A_character_is_held_back_until_its_last_byte()
    {
        var tokenizer = SmallTokenizers.ByteLevel();
        var stream = new StreamingDetokenizer(tokenizer);
        var parts = Encoding.UTF8.GetBytes("é😀!").Select(value => stream.Append(value)).ToArray();
        Assert.Equal(["", "é", "", "", "", "😀", "!"], parts);
        Assert.Equal("", stream.Flush());
    }

    [Fact]
    public void Any_bytes_give_what_the_framework_makes_of_them_however_they_come()
    {
        var tokenizer = SmallTokenizers.ByteLevel();
        byte[] telling =
        [
            0x20,
            0x61,
            0x80,
            0xBF,
            0xC0,
            0xC3,
            0xE0,
            0xE2,
            0x82,
            0xAC,
            0xED,
            0xA0,
            0xF0,
            0x9F,
            0x98,
            0xF4,
            0x90,
            0xFF,
        ];
        var random = new Random(5);
        for (var i = 0; i < 20_000; i++)
        {
            var ids = new int[1 + random.Next(12)];
            for (var at = 0; at < ids.Length; at++)
            {
                ids[at] = telling[random.Next(telling.Length)];
            }

            var expected = Encoding.UTF8.GetString([.. ids.Select(id => (byte)id)]);
            var stream = new StreamingDetokenizer(tokenizer);
            var streamed = string.Concat(ids.Select(stream.Append)) + stream.Flush();
            Assert.Equal(expected, streamed);
            Assert.Equal(expected, tokenizer.Decode(ids));
        }
    }

    [Fact]
    public void Broken_bytes_come_out_as_soon_as_they_are_certain()
    {
        var stream = new StreamingDetokenizer(SmallTokenizers.ByteLevel());
        Assert.Equal("", stream.Append(0xE2));
        Assert.Equal("\uFFFDa", stream.Append('a'));
        Assert.Equal("\uFFFD", stream.Append(0xFF));
        Assert.Equal("", stream.Append(0xF0));
        Assert.Equal("\uFFFD", stream.Flush());
        Assert.Equal("", stream.Flush());
    }

    [Fact]
    public void Control_tokens_have_no_text_unless_asked_for()
    {
        var tokenizer = SmallTokenizers.ByteLevel();
        int[] ids = [259, 261, 262];
        Assert.Equal("hello<tool>", tokenizer.Decode(ids));
        Assert.Equal("hello<|end|><tool>", tokenizer.Decode(ids, showSpecial: true));
    }

    [Fact]
    public void The_first_blank_is_dropped_once_and_only_at_the_start_of_a_text()
    {
        var tokenizer = TokenizerFactory.Create(SmallTokenizers.SentencePiece());
        var blankA = tokenizer.IdOf("\u2581a")!.Value;
        var blank = tokenizer.IdOf("\u2581")!.Value;
        var a = tokenizer.IdOf("a")!.Value;
        var byteBlank = tokenizer.IdOf("<0x20>")!.Value;
        Assert.Equal("a a", tokenizer.Decode([1, blankA, blankA]));
        Assert.Equal(" a", tokenizer.Decode([blank, blankA]));
        Assert.Equal("a a", tokenizer.Decode([a, blankA]));
        Assert.Equal(" a", tokenizer.Decode([byteBlank, a]));
        Assert.Equal(" a", new StreamingDetokenizer(tokenizer, atTextStart: false).Append(blankA));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(264)]
    [InlineData(int.MaxValue)]
    public void An_id_outside_the_vocabulary_is_refused(int id)
    {
        var tokenizer = SmallTokenizers.ByteLevel();
        Assert.Throws<InputException>(() => tokenizer.Decode([id]));
        Assert.Throws<InputException>(() => tokenizer.Bytes(id).Length);
        Assert.False(tokenizer.IsEnd(id));
    }

    [Fact]
    public void Appending_to_a_span_allocates_nothing()
    {
        var stream = new StreamingDetokenizer(SmallTokenizers.ByteLevel());
        stream.AppendSpan(260);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            stream.AppendSpan(260);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
