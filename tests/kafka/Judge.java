/* SPDX-License-Identifier: MIT */

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.SimpleDateFormat;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TimeZone;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.storage.Converter;
import org.apache.kafka.connect.storage.StringConverter;

/**
 * Judges with Kafka's own classes what examples/connect wrote:
 *
 *     Judge make  BROKERS TOPIC…                       topics of three partitions
 *     Judge check BROKERS MESSAGES TOPIC,FORM,KEY,VALUE…
 *
 * FORM is structured or string, KEY and VALUE are plain, json or schema: the converters. For each
 * status of MESSAGES, the lines that the stream had: the record that Connect's converters read is,
 * field by field, what the status says, and byte for byte what they write; its partition is the one
 * that a Java producer gives the same key; its time is created_at. Ends like a test program.
 */
public class Judge {
	private static final int PARTITIONS = 3;
	private static final String PACKAGE = "com.eneco.trading.kafka.connect.twitter.";
	private static final ObjectMapper MAPPER = new ObjectMapper();
	private static int checks, failures;

	/* ---- the connector's schemas */

	private static SchemaBuilder struct(String name) {
		return SchemaBuilder.struct().name(PACKAGE + name);
	}

	private static Schema array(SchemaBuilder of) {
		return SchemaBuilder.array(of.build()).optional().build();
	}

	private static final Schema TEXT = Schema.OPTIONAL_STRING_SCHEMA;
	private static final Schema USER = struct("User").field("id", Schema.INT64_SCHEMA)
		.field("name", TEXT).field("screen_name", TEXT).field("location", TEXT)
		.field("verified", Schema.BOOLEAN_SCHEMA).field("friends_count", Schema.INT32_SCHEMA)
		.field("followers_count", Schema.INT32_SCHEMA)
		.field("statuses_count", Schema.INT32_SCHEMA).build();
	private static final Schema ENTITIES = struct("Entities")
		.field("hashtags", array(struct("Hashtag").field("text", TEXT)))
		.field("media", array(struct("Medium").field("display_url", TEXT)
			.field("expanded_url", TEXT).field("id", Schema.INT64_SCHEMA)
			.field("type", TEXT).field("url", TEXT)))
		.field("urls", array(struct("Url").field("display_url", TEXT)
			.field("expanded_url", TEXT).field("url", TEXT)))
		.field("user_mentions", array(struct("UserMention")
			.field("id", Schema.INT64_SCHEMA).field("name", TEXT)
			.field("screen_name", TEXT)))
		.build();
	private static final Schema TWEET = struct("Tweet").field("id", Schema.INT64_SCHEMA)
		.field("created_at", TEXT).field("user", USER).field("text", TEXT).field("lang", TEXT)
		.field("is_retweet", Schema.BOOLEAN_SCHEMA).field("entities", ENTITIES).build();

	/* ---- what a status says, as the connector's structs */

	private static final String[][] REFERENCES = {
		{ "&lt;", "<" }, { "&gt;", ">" }, { "&quot;", "\"" }, { "&eacute;", "\u00e9" },
		{ "&euro;", "\u20ac" }, { "&#8364;", "\u20ac" }, { "&amp;", "&" },
	};

	private static String textOf(JsonNode status) {
		String text = status.path("text").asText();

		for (String[] reference : REFERENCES)
			text = text.replace(reference[0], reference[1]);
		return text;
	}

	private static Date timeOf(JsonNode status) throws Exception {
		return new SimpleDateFormat("EEE MMM dd HH:mm:ss Z yyyy", Locale.ENGLISH)
			.parse(status.path("created_at").asText());
	}

	private static String createdAt(JsonNode status) throws Exception {
		SimpleDateFormat format = new SimpleDateFormat("yyyy-MM-dd'T'HH:mm:ss.SSSZ");

		format.setTimeZone(TimeZone.getTimeZone("UTC"));
		return format.format(timeOf(status));
	}

	/* A member by its schema; what is not there is null, -1 or false. */
	private static Object member(JsonNode of, Field field) {
		JsonNode value = of.path(field.name());

		switch (field.schema().type()) {
		case INT64:
			return value.asLong(-1);
		case INT32:
			return value.asInt(-1);
		case BOOLEAN:
			return value.asBoolean(false);
		default:
			return value.isTextual() ? value.asText() : null;
		}
	}

	private static Struct plain(Schema schema, JsonNode of) {
		Struct struct = new Struct(schema);

		for (Field field : schema.fields())
			struct.put(field, member(of, field));
		for (String name : List.of("display_url", "expanded_url"))
			if (schema.name().endsWith(".Url") && struct.get(name) == null)
				struct.put(name, struct.get("url"));
		return struct;
	}

	private static Struct entities(JsonNode of) {
		Struct struct = new Struct(ENTITIES);

		for (Field field : ENTITIES.fields()) {
			List<Struct> list = new ArrayList<>();

			for (JsonNode element : of.path(field.name()))
				list.add(plain(field.schema().valueSchema(), element));
			struct.put(field, list);
		}
		return struct;
	}

	private static Struct tweet(JsonNode status) throws Exception {
		return new Struct(TWEET).put("id", status.path("id").asLong())
			.put("created_at", createdAt(status)).put("user", plain(USER, status.path("user")))
			.put("text", textOf(status)).put("lang", member(status, TWEET.field("lang")))
			.put("is_retweet", status.path("retweeted_status").isObject())
			.put("entities", entities(status.path("entities")));
	}

	/* ---- comparing */

	private static boolean expect(boolean good, String what) {
		checks++;
		if (!good) {
			failures++;
			System.out.println("Judge: " + what);
		}
		return good;
	}

	/* Without a schema Connect reads maps: its numbers are long, whatever was written. */
	private static boolean same(Object got, Object want) {
		if (want instanceof Struct && got instanceof Map) {
			Map<?, ?> map = (Map<?, ?>) got;

			for (Field field : ((Struct) want).schema().fields())
				if (!same(map.get(field.name()), ((Struct) want).get(field)))
					return false;
			return map.size() == ((Struct) want).schema().fields().size();
		}
		if (want instanceof List && got instanceof List) {
			List<?> a = (List<?>) got, b = (List<?>) want;

			for (int i = 0; i < a.size() && i < b.size(); i++)
				if (!same(a.get(i), b.get(i)))
					return false;
			return a.size() == b.size();
		}
		if (want instanceof Integer && got instanceof Long)
			return ((Long) got).longValue() == ((Integer) want).longValue();
		return Objects.equals(got, want);
	}

	/* Field by field, so that what differs has a name. */
	private static void compare(String where, SchemaAndValue got, Object want) {
		if (got.schema() != null && want instanceof Struct)
			expect(got.schema().equals(TWEET), where + ": another schema: " + got.schema());
		if (!(want instanceof Struct)) {
			expect(same(got.value(), want), where + ": " + got.value() + ", not " + want);
			return;
		}
		for (Field field : TWEET.fields()) {
			Object value = got.value() instanceof Struct
				? ((Struct) got.value()).get(field.name())
				: ((Map<?, ?>) got.value()).get(field.name());

			expect(same(value, ((Struct) want).get(field)), where + ": " + field.name() + " is "
				+ value + ", not " + ((Struct) want).get(field));
		}
	}

	private static Converter converter(String name, boolean isKey) {
		Converter converter = name.equals("plain") ? new StringConverter() : new JsonConverter();

		converter.configure(Map.of("schemas.enable", name.equals("schema")), isKey);
		return converter;
	}

	private static String show(byte[] bytes) {
		return new String(bytes, StandardCharsets.UTF_8);
	}

	private static void checkPart(String where, Converter converter, String topic, byte[] bytes,
				      Schema schema, Object want) {
		byte[] own = converter.fromConnectData(topic, schema, want);

		compare(where, converter.toConnectData(topic, bytes), want);
		expect(Arrays.equals(bytes, own), where + ": the bytes are\n" + show(bytes)
			+ "\nand Connect's\n" + show(own));
	}

	/* ---- topics */

	private static List<ConsumerRecord<byte[], byte[]>> read(String brokers, String topic) {
		Map<String, Object> config = new HashMap<>();
		List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
		List<TopicPartition> partitions = new ArrayList<>();

		config.put("bootstrap.servers", brokers);
		for (int i = 0; i < PARTITIONS; i++)
			partitions.add(new TopicPartition(topic, i));
		try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(config,
				new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
			long left = 0;

			consumer.assign(partitions);
			consumer.seekToBeginning(partitions);
			for (long end : consumer.endOffsets(partitions).values())
				left += end;
			for (int tries = 0; records.size() < left && tries < 100; tries++)
				for (ConsumerRecord<byte[], byte[]> record
						: consumer.poll(Duration.ofMillis(200)))
					records.add(record);
		}
		return records;
	}

	/* The next record with this key's bytes; each is taken once. */
	private static Optional<ConsumerRecord<byte[], byte[]>> take(
			List<ConsumerRecord<byte[], byte[]>> records, byte[] key) {
		Optional<ConsumerRecord<byte[], byte[]>> found = records.stream()
			.filter(record -> Arrays.equals(record.key(), key)).findFirst();

		found.ifPresent(records::remove);
		return found;
	}

	private static void checkTopic(String brokers, List<JsonNode> statuses, String[] shape,
				       KafkaProducer<byte[], byte[]> producer) throws Exception {
		Converter keys = converter(shape[2], true), values = converter(shape[3], false);
		List<ConsumerRecord<byte[], byte[]>> records = read(brokers, shape[0]);
		boolean isString = shape[1].equals("string");

		expect(records.size() == statuses.size(), shape[0] + ": " + records.size() + " records, not "
			+ statuses.size());
		for (JsonNode status : statuses) {
			String name = status.path("user").path("screen_name").asText();
			String where = shape[0] + ", status " + status.path("id");
			byte[] key = keys.fromConnectData(shape[0], Schema.STRING_SCHEMA, name);
			ConsumerRecord<byte[], byte[]> record = take(records, key).orElse(null);

			if (!expect(record != null, where + ": no record with the key " + show(key)))
				continue;
			checkPart(where + ", key", keys, shape[0], record.key(), Schema.STRING_SCHEMA, name);
			checkPart(where, values, shape[0], record.value(),
				isString ? Schema.STRING_SCHEMA : TWEET,
				isString ? textOf(status) : tweet(status));
			expect(record.timestamp() == timeOf(status).getTime(), where + ": time "
				+ record.timestamp());
			expect(!record.headers().iterator().hasNext(), where + ": has headers");
			expect(record.partition() == producer.send(new ProducerRecord<>(shape[0] + "-java",
				key, null)).get().partition(), where + ": partition " + record.partition());
		}
	}

	private static void make(String brokers, List<String> topics) throws Exception {
		List<NewTopic> all = new ArrayList<>();

		for (String topic : topics)
			for (String name : List.of(topic, topic + "-java"))
				all.add(new NewTopic(name, Optional.of(PARTITIONS), Optional.empty()));
		try (Admin admin = Admin.create(Map.of("bootstrap.servers", brokers))) {
			admin.createTopics(all).all().get();
		}
	}

	private static List<JsonNode> statusesOf(String path) throws Exception {
		List<JsonNode> statuses = new ArrayList<>();

		for (String line : Files.readAllLines(Path.of(path))) {
			JsonNode message = MAPPER.readTree(line);

			if (message.has("user") && message.has("text"))
				statuses.add(message);
		}
		return statuses;
	}

	public static void main(String[] words) throws Exception {
		List<String> rest = Arrays.asList(words).subList(words[0].equals("make") ? 2 : 3,
			words.length);

		if (words[0].equals("make")) {
			make(words[1], rest);
			return;
		}
		try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
				Map.of("bootstrap.servers", words[1]), new ByteArraySerializer(),
				new ByteArraySerializer())) {
			for (String shape : rest)
				checkTopic(words[1], statusesOf(words[2]), shape.split(","), producer);
		}
		System.out.printf("%d%%: Checks: %d, Failures: %d, Errors: 0%n",
			checks == 0 ? 0 : (checks - failures) * 100 / checks, checks, failures);
		System.exit(failures == 0 && checks > 0 ? 0 : 1);
	}
}
